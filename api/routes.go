package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"confab/internal/auth"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/internal/peer"
	"confab/internal/stamp"
	"confab/internal/wirejson"
	"confab/store"
)

// newHuma sets huma up on the app: JSON only, unknown fields ignored, no pages and schema links of its own.
func newHuma(app *fiber.App, version string) huma.API {
	// The key is the content type, and "json" what huma makes of application/problem+json.
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: wirejson.Unmarshal}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[stamp.Time](), reflect.TypeFor[time.Time]())
	cfg := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Confab", Version: version,
				Description: "Chat and calls. Ids are UUIDs, times are RFC 3339 in UTC with milliseconds. Realtime events are described in docs/protocol.md of the source."},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers: []huma.Transformer{func(_ huma.Context, _ string, v any) (any, error) {
			if e, ok := v.(*huma.ErrorModel); ok {
				return rejected(e), nil
			}
			return v, nil
		}},
	}
	cfg.AllowAdditionalPropertiesByDefault = true
	return humafiber.New(app, cfg)
}

// route describes an endpoint. Summary is its title in the documentation.
type route struct {
	method, path, id, summary string
	tag                       string
	status                    int    // of success; 0: 200, or 204 without a body
	open                      bool   // without a token
	limit                     string // a kind of internal/limit that the user pays for, besides Request
}

// handle registers an endpoint, and turns its errors into problems.
// Options complete its documentation.
func handle[I, O any](a *API, r route, fn func(context.Context, *I) (*O, error), options ...func(*huma.Operation)) {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.summary, Tags: []string{r.tag}, DefaultStatus: r.status,
		// Fiber's own deadline for the whole request holds.
		BodyReadTimeout: -1,
		MaxBodyBytes:    maxBody,
		Responses: map[string]*huma.Response{"default": {
			Description: "A refusal",
			Content:     map[string]*huma.MediaType{problemJSON: {Schema: a.problemSchema()}},
		}},
	}
	if !r.open {
		op.Security = []map[string][]string{{"bearer": {}}}
		op.Middlewares = huma.Middlewares{a.authenticate(r.limit)}
	} else {
		op.Middlewares = huma.Middlewares{a.introduce}
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		if !r.open {
			if err := a.cfg.Auth.Alive(ctx, from(ctx).Identity); err != nil { // the body may have come long after its header
				return nil, a.problem(err)
			}
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, a.problem(err)
		}
		return out, nil
	})
	if made, ok := any((*O)(nil)).(interface {
		orFound(map[string]*huma.Response)
	}); ok {
		made.orFound(op.Responses)
	}
	for _, o := range options {
		o(a.documented(r))
	}
}

// documented is an operation as the document has it.
func (a *API) documented(r route) *huma.Operation {
	item := a.huma.OpenAPI().Paths[r.path]
	switch r.method {
	case http.MethodGet:
		return item.Get
	case http.MethodPut:
		return item.Put
	case http.MethodPost:
		return item.Post
	case http.MethodPatch:
		return item.Patch
	}
	return item.Delete
}

func (a *API) problemSchema() *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
}

// caller is who a request comes from, as far as that is known.
type caller struct {
	auth.Identity // zero where no token is asked for
	client        auth.Client
	network       string     // by which strangers are counted
	request       *fiber.Ctx // for what huma does not know of: streams and ranges; not to be kept
}

type callerKey struct{}

// from is who the request comes from. Every handler runs behind authenticate or introduce.
func from(ctx context.Context) caller { return ctx.Value(callerKey{}).(caller) }

func describe(c *fiber.Ctx) caller {
	address := peer.Address(c)
	return caller{client: auth.Client{UserAgent: c.Get(fiber.HeaderUserAgent), Address: address.String()}, network: peer.Network(address), request: c}
}

// introduce lets everybody in whose network has not asked for too much.
func (a *API) introduce(ctx huma.Context, next func(huma.Context)) {
	who := describe(humafiber.Unwrap(ctx))
	if err := a.allow(limit.Network, who.network); err != nil {
		a.refuse(ctx, err)
		return
	}
	next(huma.WithValue(bodied{ctx}, callerKey{}, who))
}

// authenticate lets in who has a good token and has not asked for too much.
func (a *API) authenticate(kind string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who := describe(humafiber.Unwrap(ctx))
		if err := a.allow(limit.Network, who.network); err != nil {
			a.refuse(ctx, err)
			return
		}
		token, ok := bearer(ctx.Header("Authorization"))
		if !ok {
			a.refuse(ctx, fault.New(fault.Unauthorized, "unauthorized", "sign in first"))
			return
		}
		id, err := a.cfg.Auth.Verify(ctx.Context(), token)
		if err == nil {
			err = a.allow(limit.Request, string(id.UserID))
		}
		who.Identity = id
		if err == nil && kind != "" {
			err = a.charge(kind, who)
		}
		if err != nil {
			a.refuse(ctx, err)
			return
		}
		next(huma.WithValue(bodied{ctx}, callerKey{}, who))
	}
}

// bearer takes the token out of an Authorization header (RFC 6750, section 2.1; the scheme ignores case, RFC 9110).
func bearer(header string) (token string, ok bool) {
	const scheme = "bearer "
	if len(header) <= len(scheme) || !equalFold(header[:len(scheme)], scheme) {
		return "", false
	}
	return header[len(scheme):], true
}

func equalFold(s, lower string) bool {
	for i := range len(lower) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// refuse answers from inside a middleware, where huma offers only its own kind of error.
func (a *API) refuse(ctx huma.Context, err error) {
	p := a.problem(err)
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", problemJSON)
	ctx.SetStatus(p.Status)
	_, _ = ctx.BodyWriter().Write(body) // into fasthttp's buffer, which takes everything
}

// allow asks the limiter.
func (a *API) allow(kind, key string) error {
	if ok, after := a.cfg.Limits.Allow(kind, key); !ok {
		return &fault.Error{Kind: fault.RateLimited, Code: "rate_limited", Message: "too many requests; try again later", RetryAfter: after}
	}
	return nil
}

// charge asks the limiter on behalf of somebody signed in, and of their network where that has a limit of its own.
func (a *API) charge(kind string, who caller) error {
	err := a.allow(kind, string(who.UserID))
	if group := limit.ByNetwork(kind); err == nil && group != "" {
		err = a.allow(group, who.network)
	}
	return err
}

// pathID reads an id out of a path. One that is malformed is one that does not exist.
func pathID(s string) (store.ID, error) {
	id, err := store.ParseID(s)
	if err != nil {
		return "", fault.New(fault.NotFound, "not_found", "there is no such thing")
	}
	return id, nil
}

// fieldID reads an id out of a query or a body, where a malformed one is an invalid field.
func fieldID(field, s string) (store.ID, error) {
	id, err := store.ParseID(s)
	if err != nil {
		return "", fault.InvalidField(field, "is not an id")
	}
	return id, nil
}

// body is an answer with content.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// stated is an answer whose status depends: 200 for what was there, 201 for what was made.
type stated[T any] struct {
	Status int
	Body   T
}

// orFound documents the second of the two.
func (*stated[T]) orFound(responses map[string]*huma.Response) {
	responses["200"] = &huma.Response{Description: "It was there already", Content: responses["201"].Content}
}

func answerCreated[T any](v T, created bool, err error) (*stated[T], error) {
	if err != nil {
		return nil, err
	}
	if created {
		return &stated[T]{http.StatusCreated, v}, nil
	}
	return &stated[T]{http.StatusOK, v}, nil
}

// none is an answer without content, or a request without input.
type none struct{}

// items is a list in an object, so that fields can join it later.
type items[T any] struct {
	Items []T `json:"items"`
}

// optional is a query parameter that may be absent, which is not the same as zero.
type optional[T any] struct {
	Value T
	Set   bool
}

var (
	_ huma.ParamWrapper = (*optional[int64])(nil)
	_ huma.ParamReactor = (*optional[int64])(nil)
)

// Schema implements huma.SchemaProvider.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver implements huma.ParamWrapper.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet implements huma.ParamReactor.
func (o *optional[T]) OnParamSet(isSet bool, _ any) { o.Set = isSet }

// pointer is nil when the parameter was absent.
func (o optional[T]) pointer() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}
