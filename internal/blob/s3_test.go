package blob_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confab/internal/blob"
	"confab/internal/blob/s3test"
)

// service is the S3 service of these tests, set once by TestMain.
var service *s3test.Server

func TestMain(m *testing.M) {
	var err error
	if service, err = s3test.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := service.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func s3Config(t *testing.T, bucket, prefix string) blob.S3Config {
	return blob.S3Config{Endpoint: service.Endpoint, Bucket: bucket, Prefix: prefix, AccessKey: s3test.AccessKey,
		SecretKey: s3test.SecretKey, Staging: filepath.Join(t.TempDir(), "staging")}
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
	bucket := service.NewBucket(t)
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
	c := s3Config(t, service.NewBucket(t), "")
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
	bucket := service.NewBucket(t)
	for name, c := range map[string]struct {
		wrong func(*blob.S3Config)
		want  string
	}{
		"no address":     {func(c *blob.S3Config) { c.Endpoint = "s3.example.org" }, "want https://host"},
		"a path":         {func(c *blob.S3Config) { c.Endpoint = "http://s3.example.org/bucket" }, "want https://host"},
		"no bucket":      {func(c *blob.S3Config) { c.Bucket = "nowhere" }, "does not exist"},
		"a wrong secret": {func(c *blob.S3Config) { c.SecretKey = "another secret" }, "signature"},
		"nobody there":   {func(c *blob.S3Config) { c.Endpoint = deaf(t) }, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := s3Config(t, bucket, "")
			c.wrong(&config)
			_, err := blob.OpenS3(t.Context(), config)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}

// deaf is an address where nobody listens.
func deaf(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestCheckTriesAllThatIsNeeded(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		if err := blob.Check(t.Context(), s); err != nil {
			t.Error(err)
		}
		if left := keys(t, s); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("a bucket that is gone", func(t *testing.T) {
		t.Parallel()
		bucket := service.NewBucket(t)
		s := openS3(t, bucket, "")
		client, err := service.Client()
		if err != nil {
			t.Fatal(err)
		}
		if err := client.RemoveBucket(t.Context(), bucket); err != nil {
			t.Fatal(err)
		}
		if err := blob.Check(t.Context(), s); err == nil || !strings.Contains(err.Error(), "bucket") {
			t.Errorf("got %v", err)
		}
	})
}
