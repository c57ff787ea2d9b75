package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"confab/internal/fault"
)

// Problem is every refusal's body (RFC 9457).
type Problem struct {
	Type   string        `json:"type" doc:"A URI that stands for the code."`
	Title  string        `json:"title" doc:"The kind of problem, in words."`
	Status int           `json:"status"`
	Detail string        `json:"detail" doc:"This problem, in words."`
	Code   string        `json:"code" doc:"A stable word for programs."`
	Errors []fault.Field `json:"errors,omitempty" doc:"The offending inputs."`

	retryAfter time.Duration
}

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
)

const problemJSON = "application/problem+json"

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemJSON }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.retryAfter > 0 {
		// Rounded up: who comes back after it must not come too early.
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	return h
}

func newProblem(status int, code, detail string, fields ...fault.Field) *Problem {
	return &Problem{Type: "urn:confab:problem:" + code, Title: http.StatusText(status), Status: status, Detail: detail,
		Code: code, Errors: fields}
}

// statusOf is the HTTP status of each kind of refusal.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.BadRequest:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem turns what a rule answered into what the client gets. What is our own fault goes to the log, not to them.
func (a *API) problem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	f := fault.From(err)
	if f.Kind == fault.Internal {
		if errors.Is(err, context.DeadlineExceeded) {
			a.log.Warn("a request took too long", "error", err)
			f = &fault.Error{Kind: fault.Unavailable, Code: "timeout", Message: "the server is too busy", RetryAfter: 2 * time.Second}
		} else {
			a.log.Error("a request failed", "error", err)
		}
	}
	p = newProblem(statusOf(f.Kind), f.Code, f.Message, f.Fields...)
	p.retryAfter = f.RetryAfter
	return p
}

// rejected turns what huma found wrong with a request into a Problem.
func rejected(e *huma.ErrorModel) *Problem {
	code := "invalid"
	switch e.Status {
	case http.StatusBadRequest:
		code = "malformed"
	case http.StatusRequestEntityTooLarge:
		code = "too_large"
	case http.StatusUnsupportedMediaType:
		code = "unsupported_media_type"
	}
	p := newProblem(e.Status, code, e.Detail)
	for _, d := range e.Errors {
		if d != nil {
			p.Errors = append(p.Errors, field(d))
		}
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Field + ": " + p.Errors[0].Message
	}
	return p
}

// field names the input as the client knows it: "content" for "body.content". A missing property is reported at the
// object that misses it, and only named in the text.
func field(d *huma.ErrorDetail) fault.Field {
	const missing, present = "expected required property ", " to be present"
	at, message := d.Location, d.Message
	if name, ok := strings.CutPrefix(message, missing); ok {
		at, message = at+"."+strings.TrimSuffix(name, present), "is missing"
	}
	for _, place := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(at, place); ok {
			at = rest
			break
		}
	}
	return fault.Field{Field: at, Message: message}
}

// fail answers a request that ended with an error outside of huma's handlers: no such route, a method that is not
// there, a body over the limit, a panic. It is Fiber's ErrorHandler and always answers itself.
func (a *API) fail(c *fiber.Ctx, err error) error {
	var p *Problem
	var fe *fiber.Error
	if errors.As(err, &fe) {
		p = newProblem(fe.Code, strings.ReplaceAll(strings.ToLower(http.StatusText(fe.Code)), " ", "_"), http.StatusText(fe.Code))
		switch fe.Code {
		case http.StatusNotFound:
			p.Detail = "there is no such thing" // as for what one may not see
		case http.StatusRequestEntityTooLarge:
			p.Code, p.Type, p.Detail = "too_large", "urn:confab:problem:too_large", "the body is too large"
		case http.StatusInternalServerError:
			p = a.problem(fault.New(fault.Internal, "internal", "something went wrong on the server"))
		}
	} else {
		p = a.problem(err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	c.Set(fiber.HeaderContentType, problemJSON)
	return c.Status(p.Status).Send(body)
}
