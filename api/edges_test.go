package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"confab/api"
	"confab/internal/attach"
	"confab/internal/export"
	"confab/internal/ice"
	"confab/internal/limit"
	"confab/store"
)

func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	for name, c := range map[string]struct {
		body, contentType string
		status            int
		code              string
	}{
		"no JSON":       {`{"content":`, "application/json", 400, "malformed"},
		"no object":     {`[]`, "application/json", 422, "invalid"},
		"a string":      {`"x"`, "application/json", 422, "invalid"},
		"null":          {`null`, "application/json", 422, "invalid"},
		"two objects":   {`{}{}`, "application/json", 400, "malformed"},
		"not UTF-8":     {"{\"content\":\"\xff\"}", "application/json", 400, "malformed"},
		"half a pair":   {`{"content":"\ud83d"}`, "application/json", 400, "malformed"},
		"a name twice":  {`{"content":"a","content":"b"}`, "application/json", 400, "malformed"},
		"another case":  {`{"Content":"x","chatid":"x"}`, "application/json", 422, "invalid"},
		"empty":         {"", "application/json", 400, "malformed"},
		"a form":        {"content=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"},
		"too large":     {`{"content":"` + strings.Repeat("x", 300<<10) + `"}`, "application/json", 413, "too_large"},
		"deeply nested": {strings.Repeat("[", 100000), "application/json", 400, "malformed"},
	} {
		r := s.send("POST", "/messages", ann.token, c.body, "Content-Type", c.contentType)
		r.what = name
		r.problem(c.status, c.code)
	}
	ann.get("/users/me").is(200) // and the server lives
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	for _, path := range []string{"/nothing", "/chats/a/b/c", "/messages/search/x", "/assets/none.js", "/c"} {
		ann.get(path).problem(404, "not_found")
	}
	r := ann.post("/users/me", object{}).problem(405, "method_not_allowed")
	if allow := r.header.Get("Allow"); !strings.Contains(allow, "PATCH") {
		t.Errorf("Allow: %q", allow)
	}
	ann.put("/chats", object{}).problem(405, "method_not_allowed")
}

func TestRawRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"no HTTP":        {"GARBAGE\r\n\r\n", 400},
		"no such method": {"BREW /chats HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nx=1", 405},
		"huge headers":   {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 10000) + "\r\n\r\n", 431},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(c.request)); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer res.Body.Close()
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
}

func TestBodiesInChunksEndWhereTheyEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	c := ann.group()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	chunked := func(path, contentType, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"+
			"%x\r\n%s\r\n0\r\n\r\n", path, ann.token, contentType, len(body), body)
	}
	message := chunked("/messages", "application/json", `{"chatId":"`+c+`","content":"in chunks"}`)
	form := chunked("/attachments", "multipart/form-data; boundary=b",
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n")
	// All at once on one connection: what follows a body must be taken for the next request, and not waited for before
	// the answer.
	start := time.Now()
	if _, err := conn.Write([]byte(message + form + chunked("/nothing", "text/plain", "x") + message)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for i, want := range []int{201, 201, 404, 201} {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		raw, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != want {
			t.Errorf("answer %d: %d %s %v", i, res.StatusCode, raw, err)
		}
		_ = res.Body.Close()
	}
	if took := time.Since(start); took > 2900*time.Millisecond {
		t.Errorf("took %v, as if something had been waited for", took)
	}
	tooLarge := chunked("/messages", "application/json", `{"content":"`+strings.Repeat("x", 300<<10)+`"}`)
	if _, err := conn.Write([]byte(tooLarge)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 413 {
		t.Fatalf("too large: %v %v", res, err)
	}
	_ = res.Body.Close()
}

func TestHeadAsksForWhatGetAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	for _, path := range []string{"/healthz", "/users/me", "/chats", "/openapi.json", "/docs"} {
		whole, head := ann.get(path).is(200), ann.send("HEAD", path, ann.token, nil).is(200)
		if len(head.raw) != 0 || len(whole.raw) == 0 || head.header.Get("Content-Length") != strconv.Itoa(len(whole.raw)) {
			t.Errorf("%s: %d bytes, Content-Length %q for %d", path, len(head.raw), head.header.Get("Content-Length"), len(whole.raw))
		}
	}
	s.send("HEAD", "/users/me", "", nil).is(401)
	s.send("HEAD", "/nothing", "", nil).is(404)
}

func TestAPanicEndsOneRequest(t *testing.T) {
	t.Parallel()
	s := newServerWith(t, 100, func(c *api.Config) {
		c.ICE = func(store.ID) ([]ice.Server, time.Duration) { panic("secret detail") }
	})
	ann := s.join("ann")
	r := ann.get("/ice-servers").problem(500, "internal")
	if strings.Contains(string(r.raw), "secret") {
		t.Errorf("%s", r.raw)
	}
	if log := s.log.String(); !strings.Contains(log, "secret detail") || !strings.Contains(log, "calls.go") {
		t.Error("the log lacks the panic or its stack")
	}
	ann.get("/users/me").is(200)
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t, 0.05) // one registration by the minute, one search at a time
	limited := func(what string, ask func() *reply) {
		t.Helper()
		for range 100 {
			r := ask()
			if r.status != 429 {
				continue
			}
			r.problem(429, "rate_limited")
			if after, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || after < 1 {
				t.Errorf("%s: Retry-After %q", what, r.header.Get("Retry-After"))
			}
			return
		}
		t.Errorf("%s: 100 at once were let through", what)
	}
	ann, bob := s.join("ann"), s.join("bob")
	c := ann.group()
	limited("invitations", func() *reply { return bob.post("/invitations/preview", object{"token": "x"}) })
	limited("search", func() *reply { return ann.get("/users/search?q=a") })
	bob.get("/users/search?q=a").is(200)
	limited("send", func() *reply { return ann.post("/messages", object{"chatId": c, "content": "x"}) })
	limited("login", func() *reply {
		return s.send("POST", "/auth/login", "", object{"login": "ann", "password": "wrong"})
	})
	limited("refresh", func() *reply { return s.send("POST", "/auth/refresh", "", object{"refreshToken": "x"}) })
	limited("password", func() *reply { return bob.del("/users/me", object{"password": "wrong"}) })
	limited("anything", func() *reply { return bob.get("/users/me") })
	limited("register", func() *reply {
		return s.send("POST", "/auth/register", "", object{"email": "ann@example.com", "username": "ann", "password": password})
	})
}

func TestAnAccountIsCountedHoweverItIsSpelt(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	counted := map[string]int{}
	s := newServerWith(t, 100, func(c *api.Config) {
		c.Limits = asked(func(kind, key string) {
			if mu.Lock(); kind == limit.LoginAccount {
				counted[key]++
			}
			mu.Unlock()
		})
	})
	s.join("straße")
	for _, login := range []string{"straße", "STRASSE", " Strasse ", "ｓｔｒａｓｓｅ"} {
		s.send("POST", "/auth/login", "", object{"login": login, "password": password}).is(200)
	}
	if len(counted) != 1 {
		t.Errorf("guesses at one password are counted as %v", counted)
	}
}

// What a file costs is paid for by whoever has the server look into one, whatever else the request costs.
func TestFilesArePaidForWhereverTheyComeFrom(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	paid := map[string]int{}
	s := newServerWith(t, 100, func(c *api.Config) {
		c.Limits = asked(func(kind, _ string) {
			mu.Lock()
			paid[kind]++
			mu.Unlock()
		})
	})
	ann := s.join("ann")
	c := ann.group()
	upload := ann.form("POST", "/attachments", field{"file", "us.png", picture(t)}).is(201).str("id")
	for what, ask := range map[string]func(){
		"a recording": func() {
			ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"audio", "a", wave()}).is(201)
		},
		"a picture of a group": func() { ann.patch("/chats/"+c, object{"avatarAttachmentId": upload}).is(200) },
	} {
		clear(paid)
		ask()
		if paid[limit.Upload] != 1 || paid[limit.UploadNetwork] != 1 || paid[limit.Send]+paid[limit.Change] != 1 {
			t.Errorf("%s cost %v", what, paid)
		}
	}
	clear(paid)
	ann.patch("/chats/"+c, object{"name": "Us", "avatarUrl": nil}).is(200)
	if paid[limit.Upload] != 0 {
		t.Errorf("a name cost %v", paid)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newServerWith(t, 100, func(c *api.Config) { c.CORSOrigins = []string{"https://app.example.com", "https://b.example.com"} })
	r := s.send("GET", "/healthz", "", nil)
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store", "Access-Control-Allow-Origin": ""} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	r = s.send("OPTIONS", "/messages", "", nil, "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST").is(204)
	if r.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || !strings.Contains(r.header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("%v", r.header)
	}
	r = s.send("GET", "/healthz", "", nil, "Origin", "https://evil.example.com")
	if got := r.header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a stranger's page may read: %q", got)
	}
	if got := s.send("GET", "/healthz", "", nil).header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
		t.Errorf("pictures on pages of other origins: %q", got)
	}
	plain := newServer(t, 100)
	r = plain.send("GET", "/healthz", "", nil, "Origin", "https://app.example.com")
	if got := r.header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("without configured origins: %q", got)
	}
}

func TestAddressesBehindAProxy(t *testing.T) {
	t.Parallel()
	s := newServerWith(t, 100, func(c *api.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	token := s.send("POST", "/auth/register", "", object{"email": "a@example.com", "username": "ann", "password": password},
		"X-Forwarded-For", "1.1.1.1, 198.51.100.7", "User-Agent", "phone").is(201).str("accessToken")
	session := s.send("GET", "/auth/sessions", token, nil).object()["items"].([]any)[0].(map[string]any)
	if session["address"] != "198.51.100.7" || session["userAgent"] != "phone" || session["current"] != true {
		t.Errorf("%v", session)
	}
}

// Whoever is no trusted proxy may say what it likes about where it comes from.
func TestAddressesOfStrangersAreTheirOwn(t *testing.T) {
	t.Parallel()
	s := newServerWith(t, 100, func(c *api.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	token := s.send("POST", "/auth/register", "", object{"email": "a@example.com", "username": "ann", "password": password},
		"X-Forwarded-For", "198.51.100.7", "X-Real-Ip", "198.51.100.7", "Forwarded", "for=198.51.100.7").is(201).str("accessToken")
	session := s.send("GET", "/auth/sessions", token, nil).object()["items"].([]any)[0].(map[string]any)
	if session["address"] != "127.0.0.1" {
		t.Errorf("signed in from %v", session["address"])
	}
}

func TestBrowsersInsistOnHTTPSWhereTheyAreToldTo(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"", "max-age=15552000"} {
		s := newServerWith(t, 100, func(c *api.Config) { c.HSTS = want })
		for _, path := range []string{"/healthz", "/users/me", "/no/such/page"} {
			if got := s.send("GET", path, "", nil).header.Get("Strict-Transport-Security"); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	}
}

func TestLogsTellNoSecrets(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	c := ann.group()
	ann.say(c, "the content")
	s.send("GET", "/healthz?token="+ann.token, "", nil)
	link := ann.post("/chats/"+c+"/invitations", object{}).is(201).str("url")
	s.send("GET", link, "", nil, "Accept", "text/html").is(200)
	ann.post("/invitations/preview", object{"token": strings.TrimPrefix(link, "/join/")}).is(200)
	log := s.log.String()
	for _, secret := range []string{ann.token, ann.refresh, password, "the content", "token=", link} {
		if strings.Contains(log, secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
	if !strings.Contains(log, "path=/messages") {
		t.Error("there is no access log")
	}
}

func TestServedApp(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	html := []string{"Accept", "text/html,application/xhtml+xml"}
	for _, path := range []string{"/", "/login", "/register", "/settings", "/settings/devices", "/c/" + string(store.NewID()), "/join", "/join/xyz", "/check", "/index.html"} {
		r := s.send("GET", path, "", nil, html...).is(200)
		csp := r.header.Get("Content-Security-Policy")
		if !strings.Contains(string(r.raw), "app") || r.header.Get("Cache-Control") != "no-cache" || !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe-eval") {
			t.Errorf("%s: %q %v", path, r.raw, r.header)
		}
	}
	for _, path := range []string{"/nothing", "/c", "/c/", "/login/x", "/.gitkeep", "/assets/app-1a2b.js.gz", "/assets/", "/../go.mod"} {
		s.send("GET", path, "", nil, html...).problem(404, "not_found")
	}
	s.send("GET", "/login", "", nil, "Accept", "application/json").problem(404, "not_found")
	s.send("POST", "/login", "", object{}, html...).problem(404, "not_found")
	for accept, want := range map[string]string{"br, gzip": "brotli", "gzip": "gzip", "identity": "plain"} {
		r := s.send("GET", "/assets/app-1a2b.js", "", nil, "Accept-Encoding", accept).is(200)
		if string(r.raw) != want || !strings.Contains(r.header.Get("Cache-Control"), "immutable") || !strings.Contains(r.header.Get("Content-Type"), "javascript") {
			t.Errorf("%s: %q %v", accept, r.raw, r.header)
		}
	}
	r := s.send("GET", "/favicon.svg", "", nil).is(200)
	s.send("GET", "/favicon.svg", "", nil, "If-None-Match", r.header.Get("ETag")).is(304)
	s.send("HEAD", "/favicon.svg", "", nil).is(200)
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	r := s.send("GET", "/openapi.json", "", nil).is(200)
	doc := r.object()
	if !strings.HasPrefix(doc["openapi"].(string), "3.1") {
		t.Errorf("openapi %v", doc["openapi"])
	}
	paths := doc["paths"].(map[string]any)
	app := api.NewApp(api.Config{Files: &attach.Service{}, Exports: &export.Service{}})
	registered := 0
	for _, route := range app.GetRoutes(true) {
		if route.Method == fiber.MethodHead || strings.HasPrefix(route.Path, "/docs") || route.Path == "/openapi.json" {
			continue
		}
		registered++
		var parts []string
		for _, part := range strings.Split(route.Path, "/") {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				part = "{" + name + "}"
			}
			parts = append(parts, part)
		}
		item, _ := paths[strings.Join(parts, "/")].(map[string]any)
		op, _ := item[strings.ToLower(route.Method)].(map[string]any)
		if op == nil {
			t.Errorf("%s %s is not in the document", route.Method, route.Path)
			continue
		}
		checkOperation(t, route.Method+" "+route.Path, op)
	}
	documented := 0
	for _, item := range paths {
		documented += len(item.(map[string]any))
	}
	if registered != documented || registered < 25 {
		t.Errorf("%d routes, %d documented", registered, documented)
	}
	checkReferences(t, doc, doc)
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for _, name := range []string{"Chat", "Message", "Member", "Profile", "Problem", "Delivery"} {
		if schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	if schemas["ErrorModel"] != nil {
		t.Error("the document shows errors that never leave")
	}
	created := schemas["Chat"].(map[string]any)["properties"].(map[string]any)["createdAt"].(map[string]any)
	if created["format"] != "date-time" {
		t.Errorf("createdAt is %v", created)
	}
}

// checkOperation checks what OpenAPI 3.1 demands of an operation, and what this project does.
func checkOperation(t *testing.T, what string, op map[string]any) {
	t.Helper()
	responses, _ := op["responses"].(map[string]any)
	if op["operationId"] == "" || op["summary"] == "" || responses["default"] == nil {
		t.Errorf("%s: %v", what, op)
	}
	success := false
	for status, r := range responses {
		success = success || strings.HasPrefix(status, "2")
		if r.(map[string]any)["description"] == nil {
			t.Errorf("%s: response %s has no description", what, status)
		}
	}
	if !success {
		t.Errorf("%s has no success", what)
	}
	parameters, _ := op["parameters"].([]any)
	named := ""
	for _, p := range parameters {
		param := p.(map[string]any)
		if param["in"] == "path" && param["required"] != true {
			t.Errorf("%s: %v must be required", what, param["name"])
		}
		named += fmt.Sprint(" :", param["name"])
	}
	for _, part := range strings.Split(what, "/") {
		if strings.HasPrefix(part, ":") && !strings.Contains(named, part) {
			t.Errorf("%s: %s is not described", what, part)
		}
	}
}

// checkReferences checks that every $ref in node leads somewhere in doc.
func checkReferences(t *testing.T, doc object, node any) {
	t.Helper()
	switch n := node.(type) {
	case object:
		checkReferences(t, doc, map[string]any(n))
	case map[string]any:
		if ref, ok := n["$ref"].(string); ok {
			var at any = map[string]any(doc)
			for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				m, _ := at.(map[string]any)
				at = m[part]
			}
			if at == nil {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		for _, v := range n {
			checkReferences(t, doc, v)
		}
	case []any:
		for _, v := range n {
			checkReferences(t, doc, v)
		}
	}
}

func TestDocsPageAsksNobodyElse(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	for path, contentType := range map[string]string{"/docs": "text/html", "/docs/docs.js": "javascript", "/docs/docs.css": "text/css"} {
		r := s.send("GET", path, "", nil).is(200)
		if !strings.Contains(r.header.Get("Content-Type"), contentType) {
			t.Errorf("%s: %s", path, r.header.Get("Content-Type"))
		}
		if strings.Contains(string(r.raw), "://") {
			t.Errorf("%s names another address", path)
		}
		if csp := r.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'") {
			t.Errorf("%s: %s", path, csp)
		}
	}
}

func TestProblemsAreJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(api.Problem{Type: "t", Title: "T", Status: 404, Detail: "d", Code: "c"})
	if err != nil || string(raw) != `{"type":"t","title":"T","status":404,"detail":"d","code":"c"}` {
		t.Errorf("%s %v", raw, err)
	}
}
