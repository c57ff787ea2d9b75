package api

import (
	"errors"
	"io"

	"github.com/gofiber/fiber/v2"
)

// maxDrain is how much of a body that nobody wanted is read and thrown away, in bytes, so that the connection can be
// used again and the client comes to read the answer.
const maxDrain = 1 << 20

// drain sees to the rest of a streamed body when its request has been answered. fasthttp would take what is left for
// the next request; so what does not end soon ends the connection.
func drain(c *fiber.Ctx) error {
	err := c.Next()
	if stream := c.Context().RequestBodyStream(); stream != nil {
		if _, readErr := io.CopyN(io.Discard, stream, maxDrain); !errors.Is(readErr, io.EOF) {
			c.Response().SetConnectionClose()
		}
	}
	return err
}
