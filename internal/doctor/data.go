package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// examineDataDir finds out whether the server, run by this user, could keep its files. It makes none that stay: a folder
// made here by root would be closed to the user that the server has.
func (s Server) examineDataDir(r *report) {
	if s.DataDir == "" {
		return
	}
	const advice = "Let CONFAB_DATA_DIR name a folder that belongs to the user that runs Confab: chown it to that user, and run the doctor as that user."
	dir, err := filepath.Abs(s.DataDir)
	if err != nil {
		r.add(Finding{"data folder", Failure, err.Error(), advice})
		return
	}
	info, err := os.Stat(dir)
	missing := errors.Is(err, fs.ErrNotExist)
	at := dir
	for ; missing && filepath.Dir(at) != at; _, err = os.Stat(at) { // the first start makes it
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		at = filepath.Dir(at)
	}
	switch {
	case err != nil:
		r.add(Finding{"data folder", Failure, err.Error(), advice})
		return
	case !missing && !info.IsDir():
		r.add(Finding{"data folder", Failure, dir + " is no folder", advice})
		return
	}
	probe, err := os.CreateTemp(at, ".confab-doctor-*")
	if err == nil {
		_, err = probe.Write(make([]byte, 1<<16)) // a full disk takes no data, but still an empty file
		err = errors.Join(err, probe.Close(), os.Remove(probe.Name()))
	}
	switch {
	case err != nil:
		r.add(Finding{"data folder", Failure, fmt.Sprintf("this user cannot write there: %v", err), advice})
	case missing:
		r.fine("data folder", "%s is made at the first start", dir)
	default:
		r.fine("data folder", "%s can be written", dir)
	}
}

func (s Server) examineDatabase(ctx context.Context, r *report, running bool) {
	if s.Database == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pending, err := s.Database(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.fine("database", "there is none yet; the first start makes it")
	case err != nil:
		r.add(Finding{"database", Failure, err.Error(), "Check that the database runs, and DATABASE_URL. (Without DATABASE_URL the database is a file in the data folder.)"})
	case pending && running:
		r.add(Finding{"database", Warning, "reachable, but its tables are of an older version than this program", "The server that runs is older than this `confab`. Restart it: it brings the tables up to date."})
	case pending:
		r.fine("database", "reachable; its tables are brought up to date at the next start, or now by `confab migrate`")
	default:
		r.fine("database", "reachable, and its tables are up to date")
	}
}
