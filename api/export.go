package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"confab/internal/export"
	"confab/internal/limit"
)

type exportInput struct {
	ID  string `path:"id"`
	Exp string `query:"exp" doc:"Of the link."`
	Sig string `query:"sig" doc:"Of the link."`
}

func (a *API) exportRoutes() {
	handle(a, route{http.MethodPost, "/users/me/export", "linkExport", "Get a link to all of one's data", "users", http.StatusOK, false, limit.Password}, a.linkExport)
	handle(a, route{http.MethodGet, "/exports/{id}", "export", "Download one's data as a zip, with the two parameters of the link", "users", 0, true, ""}, a.export,
		func(o *huma.Operation) {
			o.Responses["200"] = &huma.Response{Description: "A zip of JSON and files", Content: map[string]*huma.MediaType{
				"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
		})
}

func (a *API) linkExport(ctx context.Context, in *passwordAgainInput) (*body[export.Link], error) {
	return answer(a.cfg.Exports.Link(ctx, from(ctx).Identity, in.Body.Password))
}

func (a *API) export(ctx context.Context, in *exportInput) (*downloadOutput, error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.allow(limit.Export, string(id)); err != nil {
		return nil, err
	}
	archive, err := a.cfg.Exports.Open(ctx, id, in.Exp, in.Sig)
	if err != nil {
		return nil, err
	}
	return &downloadOutput{func(huma.Context) { serveArchive(from(ctx).request, archive) }}, nil
}

func serveArchive(c *fiber.Ctx, archive *export.Archive) {
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": archive.Name()}))
	c.Status(http.StatusOK)
	if c.Method() == http.MethodHead {
		archive.Close()
		return
	}
	c.Context().SetBodyStream(&patientStream{archive.Stream(), c.Context().Conn().SetWriteDeadline}, -1)
}

// patientStream gives a slow line time, as long as something goes: an archive may be larger than any other answer.
type patientStream struct {
	io.ReadCloser
	setDeadline func(time.Time) error
}

func (p *patientStream) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		if deadlineErr := p.setDeadline(time.Now().Add(stallTimeout)); deadlineErr != nil {
			return 0, deadlineErr
		}
	}
	return n, err
}
