package api

import (
	"embed"
	"encoding/json"
	"mime"
	"path"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// page is the documentation page: plain HTML, CSS and JavaScript that read /openapi.json.
//
//go:embed page
var page embed.FS

// docsPolicy lets the documentation page load its own script and style and fetch the document, and nothing else.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// document serves the OpenAPI document and the page that shows it. All routes are registered by now.
func (a *API) document(app *fiber.App) {
	doc := a.huma.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own kind of error, which never leaves
	delete(schemas, "ErrorDetail")
	for _, s := range schemas {
		for _, p := range s.Properties {
			if p.Type == huma.TypeArray { // lists are never null
				p.Nullable = false
			}
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		panic("api: the OpenAPI document: " + err.Error())
	}
	app.Get("/openapi.json", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "application/json")
		c.Set(fiber.HeaderCacheControl, "no-cache")
		return c.Send(raw)
	})
	for url, file := range map[string]string{"/docs": "docs.html", "/docs/docs.js": "docs.js", "/docs/docs.css": "docs.css"} {
		content, err := page.ReadFile("page/" + file)
		if err != nil {
			panic("api: " + err.Error())
		}
		app.Get(url, func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderContentType, mime.TypeByExtension(path.Ext(file)))
			c.Set(fiber.HeaderContentSecurityPolicy, docsPolicy)
			c.Set(fiber.HeaderCacheControl, "no-cache")
			return c.Send(content)
		})
	}
}
