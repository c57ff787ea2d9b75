package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the role that owns everything; the socket's folder lets in nobody but its owner and root, so that no
// password is asked for.
const superuser = "confab"

// startTimeout is how long initdb and the server may take on a busy machine.
const startTimeout = 90 * time.Second

// Cluster is a running PostgreSQL server of one's own.
type Cluster struct {
	dir     string         // data, socket and log
	keeper  *exec.Cmd      // the shell that ends the server when the pipe closes
	pipe    io.WriteCloser // its standard input
	adminMu sync.Mutex     // held while databases are made and dropped

	stopOnce sync.Once
}

// Durability says whether commits wait for the disk.
type Durability []string

// Fast is for tests that never crash the server itself; Durable is for benchmarks: PostgreSQL's own defaults.
var (
	Fast    = Durability{"-c", "fsync=off", "-c", "full_page_writes=off"}
	Durable = Durability{}
)

// Start makes a cluster and waits until it answers. Stop ends it; without Stop it ends with the process.
func Start(d Durability) (*Cluster, error) {
	bin, err := serverPrograms()
	if err != nil {
		return nil, err
	}
	// Not below TMPDIR when that is long: a socket's path has room for 107 bytes.
	dir, err := os.MkdirTemp("", "confab-pg-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	c := &Cluster{dir: dir}
	attr, err := unprivileged(dir)
	if err == nil {
		err = c.serve(bin, attr, d)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err = c.await(ctx); err == nil {
		err = c.prepare(ctx)
	}
	if err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "log"))
		c.Stop()
		return nil, fmt.Errorf("pgtest: the server did not come up: %w\n%s", err, text)
	}
	return c, nil
}

// serverPrograms finds the newest installed server.
func serverPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		if path, err := exec.LookPath("initdb"); err == nil {
			return filepath.Dir(path), nil
		}
		return "", errors.New("pgtest: these tests need the PostgreSQL server: install Debian's package postgresql (apt-get install postgresql)")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// unprivileged gives the process attributes of the server. PostgreSQL refuses to run as root; then it runs as the user
// that Debian's package makes for it, or as nobody, who must own the folder.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	// A process group of its own: an interrupt typed at the terminal must reach the tests and not the server.
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("pgtest: the server cannot run as root, and there is no user postgres or nobody: %w", err)
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, int(uid), int(gid))
}

// keeperScript makes the data folder, runs the server, and ends it, quickly and with its folder, when standard input
// does. SIGQUIT is PostgreSQL's immediate shutdown; the shell has made its children ignore it, until the server is up
// and no longer does, and before that SIGTERM ends it. The script is given the folder, the programs' folder, and options.
const keeperScript = `dir=$1 bin=$2; shift 2
if "$bin/initdb" --pgdata "$dir/data" --username ` + superuser + ` --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync --no-instructions
then
	"$bin/postgres" -D "$dir/data" -k "$dir" "$@" </dev/null & server=$!
else
	touch "$dir/failed"
fi
cat >/dev/null
[ -n "$server" ] && kill -TERM $server && kill -QUIT $server && wait $server
rm -rf "$dir"`

// serve starts the keeper.
func (c *Cluster) serve(bin string, attr *syscall.SysProcAttr, d Durability) error {
	logFile, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer logFile.Close()
	args := []string{"-c", keeperScript, "keeper", c.dir, bin,
		"-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=64MB"}
	c.keeper = exec.Command("/bin/sh", append(args, d...)...)
	c.keeper.Dir, c.keeper.SysProcAttr = c.dir, attr
	c.keeper.Stdout, c.keeper.Stderr = logFile, logFile
	if c.pipe, err = c.keeper.StdinPipe(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if err := c.keeper.Start(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	return nil
}

// await waits for the server's first answer. Only asking again tells; there is no event to wait for.
func (c *Cluster) await(ctx context.Context) error {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if _, failed := os.Stat(filepath.Join(c.dir, "failed")); failed == nil {
			return errors.New("initdb failed")
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return err
		}
	}
}

// Stop ends the server and removes its folder. It may be called more than once.
func (c *Cluster) Stop() {
	c.stopOnce.Do(func() {
		_ = c.pipe.Close()
		_ = c.keeper.Wait()
		// What the server's user may not remove: the folder itself, where the temporary folder has no sticky bit.
		_ = os.RemoveAll(c.dir)
	})
}
