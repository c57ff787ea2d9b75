package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"confab/internal/attach"
)

// filePolicy makes a file that a browser is made to show as a page harmless.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; sandbox; frame-ancestors 'none'"

// serveFile answers with a file or a part of it (RFC 9110, section 14), and closes it when it has been sent.
func serveFile(c *fiber.Ctx, f *attach.OpenFile) {
	c.Set(fiber.HeaderContentType, f.Mime)
	c.Set(fiber.HeaderContentDisposition, f.Disposition())
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	c.Set(fiber.HeaderCacheControl, "private, max-age=31536000, immutable") // the bytes under an id never change
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	c.Set(fiber.HeaderETag, f.ETag)
	c.Set(fiber.HeaderLastModified, f.ModTime.UTC().Format(http.TimeFormat))
	if unchanged(c.Get(fiber.HeaderIfNoneMatch), f.ETag) {
		c.Status(http.StatusNotModified)
		closeQuietly(f)
		return
	}
	size := f.Size()
	span, kind := wanted(c, f.ETag, size)
	switch kind {
	case rangeUnsatisfiable:
		closeQuietly(f)
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", size))
		p := newProblem(http.StatusRequestedRangeNotSatisfiable, "range_not_satisfiable", "the file has no such part")
		raw, err := json.Marshal(p)
		if err != nil {
			panic(err)
		}
		c.Set(fiber.HeaderContentType, problemJSON)
		c.Status(p.Status).Context().SetBody(raw)
		return
	case rangePart:
		c.Status(http.StatusPartialContent)
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", span.first, span.first+span.length-1, size))
	case rangeNone:
		c.Status(http.StatusOK)
	}
	c.Context().SetBodyStream(&section{io.NewSectionReader(f, span.first, span.length), f}, int(span.length))
}

// section is a part of a file that closes the whole.
type section struct {
	io.Reader
	io.Closer
}

func closeQuietly(f io.Closer) {
	_ = f.Close() // it was only read
}

// unchanged tells whether an If-None-Match header names the tag.
func unchanged(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// span is a part of a file, in bytes.
type span struct{ first, length int64 }

type rangeKind int

const (
	rangeNone rangeKind = iota // the whole file
	rangePart
	rangeUnsatisfiable
)

// wanted is the part that a request asks for. What is no range, more than one, or meant for another version of the
// file is answered with the whole, as the standard allows.
func wanted(c *fiber.Ctx, etag string, size int64) (span, rangeKind) {
	header := c.Get(fiber.HeaderRange)
	if given := c.Get(fiber.HeaderIfRange); given != "" && given != etag {
		header = ""
	}
	return parseRange(header, size)
}

func parseRange(header string, size int64) (span, rangeKind) {
	whole := span{0, size}
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return whole, rangeNone
	}
	if first == "" { // the last so many bytes
		n, err := strconv.ParseUint(last, 10, 63)
		if err != nil {
			return whole, rangeNone
		}
		if n == 0 || size == 0 {
			return span{}, rangeUnsatisfiable
		}
		length := min(int64(n), size)
		return span{size - length, length}, rangePart
	}
	from, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return whole, rangeNone
	}
	to := uint64(max(size-1, 0))
	if last != "" {
		if to, err = strconv.ParseUint(last, 10, 63); err != nil || to < from {
			return whole, rangeNone
		}
	}
	if int64(from) >= size {
		return span{}, rangeUnsatisfiable
	}
	return span{int64(from), min(int64(to), size-1) - int64(from) + 1}, rangePart
}
