package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where the service is. All but Region, Prefix and Staging are required.
type S3Config struct {
	Endpoint  string // "https://s3.example.org", or http:// inside one's own network
	Region    string // empty: asked from the service
	Bucket    string // must exist
	Prefix    string // before each key, for example "confab/"; empty: the bucket is ours alone
	AccessKey string
	SecretKey string
	Staging   string // a local folder for uploads under way, this process's alone; made and emptied
}

// attempts is how often a request is tried in all, with short pauses between: a service that restarts is waited for, and
// one that is not there is told while whoever waits still does.
const attempts = 4

// S3 keeps blobs as objects of one bucket of an S3-compatible service, by path-style addresses, which all of them
// understand. Uploads are staged in a local folder first and sent as one PUT of known length: the object appears whole
// or not at all, and no parts of a broken multipart upload are left to pay for.
type S3 struct {
	client  *minio.Client
	bucket  string
	prefix  string
	staging string
}

var _ Store = (*S3)(nil)

// OpenS3 checks that the service answers, the keys are right and the bucket is there, so that a mistake shows at start.
func OpenS3(ctx context.Context, c S3Config) (*S3, error) {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || endpoint.Host == "" || (endpoint.Scheme != "https" && endpoint.Scheme != "http") ||
		strings.Trim(endpoint.Path, "/") != "" {
		return nil, fmt.Errorf("S3 endpoint: want https://host or http://host:port, got %q", c.Endpoint)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure:       endpoint.Scheme == "https",
		Region:       c.Region,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("S3: %w", err)
	}
	if err := os.MkdirAll(c.Staging, 0o700); err != nil {
		return nil, fmt.Errorf("folder for uploads: %w", err)
	}
	if err := emptyFolder(c.Staging); err != nil {
		return nil, fmt.Errorf("folder for uploads: %w", err)
	}
	switch there, err := client.BucketExists(ctx, c.Bucket); {
	case err != nil:
		return nil, fmt.Errorf("S3 bucket %q at %s: %w", c.Bucket, c.Endpoint, err)
	case !there:
		return nil, fmt.Errorf("S3 bucket %q does not exist at %s: create it first", c.Bucket, c.Endpoint)
	}
	return &S3{client: client, bucket: c.Bucket, prefix: c.Prefix, staging: c.Staging}, nil
}

// Stage implements Store.
func (s *S3) Stage(ctx context.Context, r io.Reader, limit int64) (*Staged, error) {
	staged, err := stage(ctx, s.staging, r, limit)
	if err != nil {
		return nil, err
	}
	staged.commit = s.commit
	return staged, nil
}

func (s *S3) commit(ctx context.Context, key string, file *os.File) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	// One PUT takes up to 5 GiB, far above any upload limit.
	_, err = s.client.PutObject(ctx, s.bucket, s.prefix+key, file, size,
		minio.PutObjectOptions{DisableMultipart: true, ContentType: "application/octet-stream"})
	return err
}

// Open implements Store.
func (s *S3) Open(ctx context.Context, key string) (Reader, error) {
	if !ValidKey(key) {
		return nil, ErrNotFound
	}
	// The client reads under the context that it is opened with: one that ends with ctx until it is open, and with the
	// reader from then on.
	reading, cancel := context.WithCancel(context.WithoutCancel(ctx))
	opened := context.AfterFunc(ctx, cancel)
	object, err := s.client.GetObject(reading, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open blob: %w", missing(err))
	}
	// The request is sent lazily: only Stat tells whether there is such an object.
	info, err := object.Stat()
	if err == nil && !opened() {
		err = ctx.Err()
	}
	if err != nil {
		err = errors.Join(missing(err), object.Close())
		cancel()
		return nil, fmt.Errorf("open blob: %w", err)
	}
	return &openObject{Object: object, size: info.Size, cancel: cancel}, nil
}

// openObject is an object of known size.
type openObject struct {
	*minio.Object
	size   int64
	cancel context.CancelFunc
}

func (o *openObject) Size() int64 { return o.size }

func (o *openObject) Close() error {
	defer o.cancel()
	return o.Object.Close()
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	if !ValidKey(key) {
		return nil
	}
	err := missing(s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// Walk implements Store.
func (s *S3) Walk(ctx context.Context, fn func(Info) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when fn wants no more
	for object := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if object.Err != nil {
			return fmt.Errorf("walk blobs: %w", object.Err)
		}
		key := strings.TrimPrefix(object.Key, s.prefix)
		if !ValidKey(key) {
			continue
		}
		if err := fn(Info{Key: key, Size: object.Size, ModTime: object.LastModified}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// missing turns the service's "no such key" into ErrNotFound.
func missing(err error) error {
	if err != nil && minio.ToErrorResponse(err).StatusCode == http.StatusNotFound &&
		minio.ToErrorResponse(err).Code != "NoSuchBucket" {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}
