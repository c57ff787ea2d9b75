package api

import (
	"errors"
	"io"
	"time"

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
	err := c.Next()
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return err
	}
	deadlineErr := c.Context().Conn().SetReadDeadline(time.Now().Add(drainTime))
	if _, readErr := io.CopyN(io.Discard, stream, maxDrain); deadlineErr != nil || !errors.Is(readErr, io.EOF) {
		c.Response().SetConnectionClose()
	}
	return err
}
