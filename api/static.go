package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// appPolicy is what the web app may do: run its own code, talk to its own server, show pictures and play media that it
// was sent or made. No address but the server's own is ever asked.
const appPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; " +
	"img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; worker-src 'self' blob:; manifest-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// devicePolicy lets the app, and nobody it might frame, use the devices that a call needs.
const devicePolicy = "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), geolocation=(), payment=(), usb=()"

// asset is one file of the built app, with the compressed forms that the build left beside it.
type asset struct {
	content  []byte
	encoded  map[string][]byte // by Content-Encoding
	mime     string
	etag     string
	lasting  bool // its name holds a hash of its content
	encoding []string
}

// ServeApp adds the built web app to the end of the app: its files, and index.html for the app's own places ("/",
// "/login", "/register", "/settings", "/check", "/c/…", "/join/…") when a browser navigates there. All other paths stay what they are, so a
// mistyped API path is a 404 problem and not a page. It fails when files cannot be read or index.html is missing.
func ServeApp(app *fiber.App, files fs.FS) error {
	assets, err := readAssets(files)
	if err != nil {
		return err
	}
	if assets["/index.html"] == nil {
		return errors.New("the web app has no index.html")
	}
	app.Use(func(c *fiber.Ctx) error {
		if c.Method() != http.MethodGet && c.Method() != http.MethodHead {
			return c.Next()
		}
		if appPlace(c.Path()) && c.Accepts(fiber.MIMETextHTML) != "" {
			return assets["/index.html"].serve(c)
		}
		if a := assets[c.Path()]; a != nil {
			return a.serve(c)
		}
		return c.Next()
	})
	return nil
}

// joinPlace is where the app shows an invitation; what follows is its token, which is nobody else's to know.
const joinPlace = "/join/"

// appPlace tells the paths that the web app's own router shows something at.
func appPlace(p string) bool {
	first, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	switch first {
	case "", "login", "register", "check":
		return rest == ""
	case "settings", "join": // the app takes an invitation's token out of its address
		return true
	case "c":
		return rest != ""
	}
	return false
}

func readAssets(files fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	encoded := map[string]string{".br": "br", ".gz": "gzip"}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") || encoded[path.Ext(name)] != "" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		a := &asset{content: content, encoded: map[string][]byte{}, mime: mimeOf(name), etag: `W/"` + hex.EncodeToString(sum[:8]) + `"`,
			lasting: strings.HasPrefix(name, "assets/")} // where Vite puts what it names by hash
		for _, ext := range []string{".br", ".gz"} {
			packed, err := fs.ReadFile(files, name+ext)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return err
			}
			a.encoded[encoded[ext]] = packed
			a.encoding = append(a.encoding, encoded[ext])
		}
		assets["/"+name] = a
		return nil
	})
	return assets, err
}

func mimeOf(name string) string {
	if path.Ext(name) == ".webmanifest" {
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (a *asset) serve(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, a.mime)
	c.Set(fiber.HeaderContentSecurityPolicy, appPolicy)
	c.Set("Permissions-Policy", devicePolicy)
	c.Set(fiber.HeaderETag, a.etag)
	if a.lasting {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == a.etag {
		return c.Status(http.StatusNotModified).Send(nil)
	}
	body := a.content
	if len(a.encoding) > 0 {
		c.Vary(fiber.HeaderAcceptEncoding)
		// Without the header Fiber takes any encoding for welcome.
		if e := c.AcceptsEncodings(a.encoding...); e != "" && c.Get(fiber.HeaderAcceptEncoding) != "" {
			c.Set(fiber.HeaderContentEncoding, e)
			body = a.encoded[e]
		}
	}
	c.Context().Response.SetBodyRaw(body) // never changed, so not copied
	return nil
}
