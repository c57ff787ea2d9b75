// Package s3test gives tests a real S3 service: Versity's gateway, a server that people run in earnest. It checks
// signatures and checksums and keeps its objects in a temporary folder.
//
// The gateway is built from a module of its own, testdata/versitygw, so that what it needs stays out of Confab's go.mod.
// It listens on a socket file, behind a port of 127.0.0.1 that this process holds: no port has to be guessed. It cannot
// outlive the process that started it: its parent is a small shell that waits on a pipe and kills it at the pipe's end.
package s3test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// The keys of the service.
const (
	AccessKey = "confab"
	SecretKey = "a secret of the tests"
)

// Server is a running service.
type Server struct {
	Endpoint string // http://127.0.0.1:port

	folder  string
	socket  string
	port    net.Listener
	buckets atomic.Int32 // for names
	piping  sync.WaitGroup
	gateway *exec.Cmd
	alive   io.Closer // at its end the gateway is killed
}

// Start builds the service and runs it until Close.
func Start() (_ *Server, err error) {
	folder, err := os.MkdirTemp("", "confab-s3-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, socket: filepath.Join(folder, "s3.sock")}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	program, data, meta := filepath.Join(folder, "versitygw"), filepath.Join(folder, "data"), filepath.Join(folder, "meta")
	for _, path := range []string{data, meta} {
		if err := os.Mkdir(path, 0o700); err != nil {
			return nil, err
		}
	}
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "testdata", "versitygw")
	build := exec.Command("go", "build", "-C", module, "-o", program, "github.com/versity/versitygw/cmd/versitygw")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the S3 server: %w: %s", err, out)
	}
	var output bytes.Buffer
	s.gateway = exec.Command("sh", "-c", `"$@" & read -r _; kill -9 $!; wait`, "sh",
		program, "--quiet", "--port", s.socket, "posix", "--sidecar", meta, data)
	s.gateway.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+SecretKey)
	s.gateway.Stdout, s.gateway.Stderr = &output, &output
	if s.alive, err = s.gateway.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.gateway.Start(); err != nil {
		return nil, err
	}
	if err := s.answers(); err != nil {
		return nil, fmt.Errorf("S3 server: %w: %s", errors.Join(err, s.stop()), output.String())
	}
	if s.port, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.Endpoint = "http://" + s.port.Addr().String()
	s.piping.Go(s.forward)
	return s, nil
}

// answers waits until the gateway takes connections.
func (s *Server) answers() error {
	deadline := time.After(time.Minute)
	for {
		conn, err := net.Dial("unix", s.socket)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-deadline:
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// forward carries connections to the port over to the socket file.
func (s *Server) forward() {
	for {
		from, err := s.port.Accept()
		if err != nil { // closed
			return
		}
		go func() {
			defer from.Close()
			to, err := net.Dial("unix", s.socket)
			if err != nil {
				return
			}
			defer to.Close()
			go func() {
				_, _ = io.Copy(to, from) // a connection that breaks is the client's to notice
				_ = to.(*net.UnixConn).CloseWrite()
			}()
			_, _ = io.Copy(from, to)
		}()
	}
}

func (s *Server) stop() error {
	if s.gateway == nil || s.gateway.Process == nil {
		return nil
	}
	err := s.alive.Close()
	_ = s.gateway.Wait() // killed, as it should be
	s.gateway = nil
	return err
}

// Close ends the service and removes what it kept.
func (s *Server) Close() error {
	err := s.stop()
	if s.port != nil {
		err = errors.Join(err, s.port.Close())
		s.piping.Wait()
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

// Client speaks to the service.
func (s *Server) Client() (*minio.Client, error) {
	return minio.New(strings.TrimPrefix(s.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), BucketLookup: minio.BucketLookupPath,
	})
}

// NewBucket makes an empty bucket of its own for one test.
func (s *Server) NewBucket(t testing.TB) string {
	t.Helper()
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("attachments-%d", s.buckets.Add(1))
	if err := client.MakeBucket(context.Background(), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return name
}
