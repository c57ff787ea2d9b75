package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// refuseUnknownMethods answers methods that nobody has heard of with a problem like any other. Fiber would answer them
// before all middleware, in plain text.
func (a *API) refuseUnknownMethods(app *fiber.App) {
	server := app.Server()
	known := server.Handler
	allow := strings.Join([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions}, ", ")
	server.Handler = func(ctx *fasthttp.RequestCtx) {
		if slices.ContainsFunc(fiber.DefaultMethods, func(m string) bool { return m == string(ctx.Method()) }) {
			known(ctx)
			return
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		a.setSecure(c)
		c.Set(fiber.HeaderAllow, allow)
		ctx.SetConnectionClose() // its body, if it has one, stays unread
		if err := a.fail(c, fiber.ErrMethodNotAllowed); err != nil {
			a.log.Error("a refusal cannot be written", "error", err)
		}
	}
}

// answerHead lets HEAD ask for whatever GET answers (RFC 9110, section 9.3.2): load balancers and download managers do.
// fasthttp leaves the bodies out. Fiber does this for its own Get, but not for the routes that come through huma.
func answerHead(app *fiber.App) {
	routes := app.GetRoutes(true)
	asked := map[string]bool{}
	for _, r := range routes {
		asked[r.Path] = asked[r.Path] || r.Method == http.MethodHead
	}
	for _, r := range routes {
		if r.Method == http.MethodGet && !asked[r.Path] {
			app.Head(r.Path, r.Handlers...)
		}
	}
}
