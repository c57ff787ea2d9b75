package blob

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

// files lists every regular file under root.
func files(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestNothingIsLeftOfRefusedUploads(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Stage(t.Context(), bytes.NewReader(make([]byte, 100)), 99); err == nil {
		t.Fatal("too large, and staged")
	}
	if _, err := d.Stage(t.Context(), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))), 99); err == nil {
		t.Fatal("cut off, and staged")
	}
	discarded, err := d.Stage(t.Context(), strings.NewReader("abc"), 99)
	if err != nil {
		t.Fatal(err)
	}
	discarded.Discard()
	if left := files(t, root); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOpenDirRemovesWhatACrashCutOff(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := d.Stage(t.Context(), strings.NewReader("kept"), 99)
	if err != nil {
		t.Fatal(err)
	}
	key := NewKey()
	if err := kept.Commit(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Stage(t.Context(), strings.NewReader("never committed"), 99); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(root); err != nil { // as after kill -9
		t.Fatal(err)
	}
	if left := files(t, root); len(left) != 1 || filepath.Base(left[0]) != key {
		t.Errorf("left are %v", left)
	}
}

func TestNobodyElseCanReadTheFolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "attachments")
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := d.Stage(t.Context(), strings.NewReader("secret"), 99)
	if err != nil {
		t.Fatal(err)
	}
	if err := staged.Commit(t.Context(), NewKey()); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStrangeFilesInTheFolderAreNotBlobs(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	key := NewKey()
	for _, path := range []string{"lost+found/x", "ab/README", "zz/" + key, key} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Walk(t.Context(), func(i Info) error { t.Errorf("%s is taken for a blob", i.Key); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskIsToldApart(t *testing.T) {
	t.Parallel()
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		_, err := stage(t.Context(), t.TempDir(), iotest.ErrReader(&fs.PathError{Op: "write", Path: "f", Err: full}), 10)
		if !errors.Is(err, ErrNoSpace) || !errors.Is(err, full) {
			t.Errorf("%v became %v", full, err)
		}
	}
	if err := spaceError(syscall.EIO); errors.Is(err, ErrNoSpace) {
		t.Error("a broken disk is taken for a full one")
	}
}

func TestOpenDirSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}
