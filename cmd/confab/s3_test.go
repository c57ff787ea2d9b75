package main

import (
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"confab/internal/attach"
	"confab/internal/blob"
	"confab/internal/blob/s3test"
	"confab/store/sqlite"
)

// TestFilesInS3 runs a server whose files are in a bucket: they go there and nowhere else, come back in parts, and are
// collected when nobody needs them.
func TestFilesInS3(t *testing.T) {
	t.Parallel()
	service, err := s3test.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	bucket := service.NewBucket(t)
	settings := []string{"DATABASE_URL=", "CONFAB_S3_ENDPOINT=" + service.Endpoint, "CONFAB_S3_BUCKET=" + bucket,
		"CONFAB_S3_ACCESS_KEY=" + s3test.AccessKey, "CONFAB_S3_SECRET_KEY=" + s3test.SecretKey, "CONFAB_S3_PREFIX=confab/"}
	p := launch(t, settings...)
	ann := p.join("ann")
	content := bytes.Repeat([]byte("0123456789"), 50_000)
	upload := func() (id string) {
		t.Helper()
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("file", "numbers.txt")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(content) // into memory
		_ = w.Close()
		var made struct{ ID string }
		ann.must(201, "POST", "/attachments", &form, &made, "Content-Type", w.FormDataContentType())
		return made.ID
	}
	sent, unsent := upload(), upload()
	var chat, message struct{ ID string }
	ann.must(201, "POST", "/chats", object{"type": "group", "name": "g", "memberIds": []string{}}, &chat)
	ann.must(201, "POST", "/messages", object{"chatId": chat.ID, "attachmentIds": []string{sent}}, &message)
	for _, c := range []struct {
		part   string
		status int
		want   []byte
	}{{"", 200, content}, {"bytes=100003-100012", 206, content[100003:100013]}, {"bytes=-5", 206, content[len(content)-5:]}, {"bytes=500000-", 416, nil}} {
		status, raw, err := ann.call("GET", "/attachments/"+sent, nil, "Range", c.part)
		if err != nil || status != c.status || c.want != nil && !bytes.Equal(raw, c.want) {
			t.Errorf("range %q: %d, %d bytes, %v", c.part, status, len(raw), err)
		}
	}
	if n := objects(t, service, bucket); n != 2 {
		t.Errorf("%d objects in the bucket, of 2 files", n)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "attachments")); !os.IsNotExist(err) {
		t.Errorf("the data folder has attachments too: %v", err)
	}
	ann.must(204, "DELETE", "/messages/"+message.ID, nil, nil)
	ann.must(404, "GET", "/attachments/"+sent, nil, nil)
	ann.must(200, "GET", "/attachments/"+unsent, nil, nil)

	p.stop()
	collectLater(t, p, service, bucket)
	if n := objects(t, service, bucket); n != 0 {
		t.Errorf("%d objects are left", n)
	}

	for says, wrong := range map[string][]string{
		"CONFAB_S3_SECRET_KEY: missing": {"CONFAB_S3_SECRET_KEY="},
		"does not exist":                {"CONFAB_S3_BUCKET=nowhere"},
		"signature":                     {"CONFAB_S3_SECRET_KEY=wrong"},
		"refused":                       {"CONFAB_S3_ENDPOINT=http://127.0.0.1:" + freePort(t)},
	} {
		failing := exec.Command(os.Args[0])
		failing.Env = append(p.env, wrong...)
		out, err := failing.CombinedOutput()
		if err == nil || !strings.Contains(string(out), says) || !strings.Contains(string(out), "CONFAB_S3_") || strings.Count(string(out), "\n") > 2 ||
			strings.Contains(string(out), s3test.SecretKey) {
			t.Errorf("%v: ended with %v, saying %q", wrong, err, out)
		}
	}
}

func objects(t *testing.T, service *s3test.Server, bucket string) (n int) {
	t.Helper()
	client, err := service.Client()
	if err != nil {
		t.Fatal(err)
	}
	for o := range client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: "confab/", Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		n++
	}
	return n
}

// collectLater does what the server would do a day later.
func collectLater(t *testing.T, p *process, service *s3test.Server, bucket string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(p.dir, "confab.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	blobs, err := blob.OpenS3(context.Background(), blob.S3Config{Endpoint: service.Endpoint, Bucket: bucket, Prefix: "confab/",
		AccessKey: s3test.AccessKey, SecretKey: s3test.SecretKey, Staging: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	files := attach.New(attach.Config{Store: db, Blobs: blobs, Secret: make([]byte, 32),
		Now: func() time.Time { return time.Now().Add(attach.Grace + time.Hour) }})
	if _, err := files.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
}
