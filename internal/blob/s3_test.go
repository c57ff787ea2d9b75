package blob_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"confab/internal/blob"
)

// The S3 service of these tests is Versity's gateway, a server that people run in earnest: it checks signatures and
// checksums, and speaks real HTTP, here over a socket file, so that no port needs to be free.
const (
	endpoint  = "http://s3.test"
	accessKey = "confab"
	secretKey = "a secret of the tests"
)

var (
	serverSocket string       // set once by TestMain
	bucketCount  atomic.Int32 // for names
)

func TestMain(m *testing.M) {
	code, err := withServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "S3 server:", err)
		code = 1
	}
	os.Exit(code)
}

// withServer builds the server, runs it around run, and leaves nothing behind.
func withServer(run func() int) (code int, err error) {
	folder, err := os.MkdirTemp("", "confab-s3-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	program, data, meta := filepath.Join(folder, "versitygw"), filepath.Join(folder, "data"), filepath.Join(folder, "meta")
	for _, path := range []string{data, meta} {
		if err := os.Mkdir(path, 0o700); err != nil {
			return 0, err
		}
	}
	build := exec.Command("go", "build", "-C", "testdata/versitygw", "-o", program, "github.com/versity/versitygw/cmd/versitygw")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build: %w: %s", err, out)
	}
	serverSocket = filepath.Join(folder, "s3.sock")
	server := exec.Command(program, "--quiet", "--port", serverSocket, "posix", "--sidecar", meta, data)
	server.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	var output bytes.Buffer
	server.Stdout, server.Stderr = &output, &output
	if err := server.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	if err := answering(ended); err != nil {
		server.Process.Kill()
		return 0, fmt.Errorf("%w: %s", err, output.String())
	}
	code = run()
	server.Process.Kill()
	<-ended
	return code, nil
}

// answering waits until the server takes connections.
func answering(ended <-chan error) error {
	deadline := time.After(time.Minute)
	for {
		conn, err := net.Dial("unix", serverSocket)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("ended early: %w", err)
		case <-deadline:
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func transport() http.RoundTripper {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", serverSocket)
		},
		MaxIdleConnsPerHost: 16,
	}
}

// newBucket makes an empty bucket of its own for one test.
func newBucket(t *testing.T) string {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, secretKey, ""), BucketLookup: minio.BucketLookupPath, Transport: transport(),
	})
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("attachments-%d", bucketCount.Add(1))
	if err := client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return name
}

func s3Config(t *testing.T, bucket, prefix string) blob.S3Config {
	return blob.S3Config{Endpoint: endpoint, Bucket: bucket, Prefix: prefix, AccessKey: accessKey, SecretKey: secretKey,
		Staging: filepath.Join(t.TempDir(), "staging"), Transport: transport()}
}

func openS3(t *testing.T, bucket, prefix string) *blob.S3 {
	t.Helper()
	s, err := blob.OpenS3(t.Context(), s3Config(t, bucket, prefix))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPrefixesKeepTwoServersApartInOneBucket(t *testing.T) {
	t.Parallel()
	bucket := newBucket(t)
	a, b := openS3(t, bucket, "a/"), openS3(t, bucket, "b/")
	key := put(t, a, []byte("of a"))
	if _, err := b.Open(t.Context(), key); err == nil {
		t.Error("b opens a blob of a")
	}
	if n := len(keys(t, b)); n != 0 {
		t.Errorf("b lists %d blobs of a", n)
	}
}

func TestNothingStaysInTheLocalFolderOfS3(t *testing.T) {
	t.Parallel()
	c := s3Config(t, newBucket(t), "")
	s, err := blob.OpenS3(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, noise(1000))
	if _, err := s.Stage(t.Context(), bytes.NewReader(noise(100)), 99); err == nil {
		t.Fatal("too large, and staged")
	}
	left, err := os.ReadDir(c.Staging)
	if err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestOpenS3SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrong func(*blob.S3Config)
		want  string
	}{
		"no address":     {func(c *blob.S3Config) { c.Endpoint = "s3.example.org" }, "want https://host"},
		"a path":         {func(c *blob.S3Config) { c.Endpoint = "http://s3.example.org/bucket" }, "want https://host"},
		"no bucket":      {func(c *blob.S3Config) { c.Bucket = "nowhere" }, "does not exist"},
		"a wrong secret": {func(c *blob.S3Config) { c.SecretKey = "another secret" }, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := s3Config(t, "attachments", "")
			c.wrong(&config)
			_, err := blob.OpenS3(t.Context(), config)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}
