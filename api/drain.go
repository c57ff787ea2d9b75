package api

import (
	"errors"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

// A body that nobody wanted, such as a file that was refused, is read to its end and thrown away: most clients only
// look for the answer when they have sent everything, and a connection that is closed before that takes the answer with
// it. It costs no disk, and these two bound what it costs otherwise.
const (
	maxDrain  = 256 << 20 // bytes
	drainTime = 3 * time.Second
)

// drain sees to the rest of a streamed body when its request has been answered. fasthttp would take what is left for
// the next request; so what does not end soon ends the connection.
func drain(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	body := &requestBody{Reader: stream}
	c.Locals(localBody, body)
	err := c.Next()
	deadlineErr := c.Context().Conn().SetReadDeadline(time.Now().Add(drainTime))
	if _, readErr := io.CopyN(io.Discard, body, maxDrain); deadlineErr != nil || !errors.Is(readErr, io.EOF) {
		c.Response().SetConnectionClose()
	}
	return err
}

// localBody is where drain leaves the *requestBody.
const localBody = "api.body"

// requestBody is how a streamed body is to be read. It remembers its end, which fasthttp does not where the body comes in
// chunks: asked once more, it would wait for the next request and take that for a chunk.
type requestBody struct {
	io.Reader
	end error
}

func (b *requestBody) Read(p []byte) (n int, err error) {
	if b.end != nil {
		return 0, b.end
	}
	n, b.end = b.Reader.Read(p)
	return n, b.end
}

// bodyOf is a request's body, or nil when it has none.
func bodyOf(c *fiber.Ctx) io.Reader {
	if b, ok := c.Locals(localBody).(*requestBody); ok {
		return b
	}
	return nil
}

// bodied is a request whose body huma reads through requestBody.
type bodied struct{ humaContext }

// humaContext has a name of its own because huma.Context has a method Context.
type humaContext = huma.Context

func (b bodied) BodyReader() io.Reader { return bodyOf(humafiber.Unwrap(b.humaContext)) }

// Unwrap lets humafiber find its own context.
func (b bodied) Unwrap() huma.Context { return b.humaContext }
