package api_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"confab/api"
	"confab/internal/attach"
	"confab/internal/limit"
	"confab/store"
)

// field is a part of a form; with a file name it is a file.
type field struct{ name, file, content string }

func (a account) form(method, path string, fields ...field) *reply {
	a.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		var part io.Writer
		var err error
		if f.file != "" {
			part, err = w.CreateFormFile(f.name, f.file)
		} else {
			part, err = w.CreateFormField(f.name)
		}
		if err != nil {
			a.Fatal(err)
		}
		if _, err := io.WriteString(part, f.content); err != nil {
			a.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		a.Fatal(err)
	}
	return a.send(method, path, a.token, b.String(), "Content-Type", w.FormDataContentType())
}

func picture(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wave is half a second of silence.
func wave() string {
	const rate, bytesPerSample = 8000, 2
	data := make([]byte, rate*bytesPerSample/2)
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, uint32(36+len(data)))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*bytesPerSample)
	b = binary.LittleEndian.AppendUint16(b, bytesPerSample)
	b = binary.LittleEndian.AppendUint16(b, 8*bytesPerSample)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return string(append(b, data...))
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
	c := ann.group(bob)
	up := ann.form("POST", "/attachments", field{"note", "", "x"}, field{"file", "../../a b.png", picture(t)}).is(201).object()
	if up["mime"] != "image/png" || up["width"] != 30.0 || up["height"] != 20.0 || strings.ContainsAny(up["name"].(string), "/\\") || up["expiresAt"] == nil {
		t.Errorf("%v", up)
	}
	path := "/attachments/" + up["id"].(string)
	ann.get(path).is(200)
	bob.get(path).problem(404, "not_found")
	s.send("GET", path, "", nil).problem(401, "unauthorized")
	s.send("GET", up["url"].(string), "", nil).is(200)
	forged := strings.Replace(up["url"].(string), "sig=", "sig=x", 1)
	s.send("GET", forged, "", nil).problem(404, "not_found")
	ann.get(forged).is(200) // who may read it anyway
	bob.get(forged).problem(404, "not_found")
	s.send("GET", forged, "bad", nil).problem(404, "not_found")
	s.send("GET", up["url"].(string), "bad", nil).is(200)
	s.send("GET", path, "bad", nil).problem(401, "unauthorized")
	ann.get("/attachments/x").problem(404, "not_found")

	m := ann.post("/messages", object{"chatId": c, "attachmentIds": []any{up["id"]}}).is(201).object()
	if m["kind"] != "file" || len(m["attachments"].([]any)) != 1 {
		t.Errorf("%v", m)
	}
	got := bob.get(path).is(200)
	if string(got.raw) != picture(t) {
		t.Error("other bytes came back")
	}
	for name, want := range map[string]string{"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes"} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q", name, got.header.Get(name))
		}
	}
	if !strings.HasPrefix(got.header.Get("Content-Disposition"), "inline") || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v", got.header)
	}
	eve.get(path).problem(404, "not_found")
	bob.send("GET", path, bob.token, nil, "If-None-Match", got.header.Get("ETag")).is(304)
	ann.del("/messages/"+m["id"].(string), nil).is(204)
	bob.get(path).problem(404, "not_found")

	page := ann.form("POST", "/attachments", field{"file", "a.html", "<script>alert(1)</script>"}).is(201)
	if got := ann.get("/attachments/" + page.str("id")).is(200); !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a page is shown as one: %v", got.header)
	}
	ann.form("POST", "/attachments", field{"other", "", "x"}).problem(422, "invalid", "file")
	ann.form("POST", "/attachments", field{"file", "a", ""}).problem(422, "empty_file", "file")
	ann.post("/attachments", object{}).problem(415, "unsupported_media_type")
	ann.send("POST", "/attachments", ann.token, "garbage", "Content-Type", "multipart/form-data; boundary=x").problem(422, "invalid", "file")
	ann.send("POST", "/attachments", ann.token, "--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\ncut", "Content-Type", "multipart/form-data; boundary=x").problem(400, "upload_cut_off")
	s.send("POST", "/attachments", "", "x", "Content-Type", "multipart/form-data; boundary=x").problem(401, "unauthorized")
	many := make([]field, 40)
	for i := range many {
		many[i] = field{fmt.Sprint(i), "", "x"}
	}
	ann.form("POST", "/attachments", many...).problem(400, "malformed")
}

func TestRanges(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	path := "/attachments/" + ann.form("POST", "/attachments", field{"file", "a.bin", "0123456789"}).is(201).str("id")
	etag := ann.get(path).header.Get("ETag")
	for name, c := range map[string]struct {
		headers []string
		status  int
		body    string
		told    string
	}{
		"from the beginning":   {[]string{"Range", "bytes=0-3"}, 206, "0123", "bytes 0-3/10"},
		"to the end":           {[]string{"Range", "bytes=7-"}, 206, "789", "bytes 7-9/10"},
		"the last ones":        {[]string{"Range", "bytes=-2"}, 206, "89", "bytes 8-9/10"},
		"more than there is":   {[]string{"Range", "bytes=8-99"}, 206, "89", "bytes 8-9/10"},
		"more last than all":   {[]string{"Range", "bytes=-99"}, 206, "0123456789", "bytes 0-9/10"},
		"past the end":         {[]string{"Range", "bytes=10-"}, 416, "", "bytes */10"},
		"the last none":        {[]string{"Range", "bytes=-0"}, 416, "", "bytes */10"},
		"backwards":            {[]string{"Range", "bytes=5-2"}, 200, "0123456789", ""},
		"several":              {[]string{"Range", "bytes=0-1,4-5"}, 200, "0123456789", ""},
		"another unit":         {[]string{"Range", "lines=1-2"}, 200, "0123456789", ""},
		"nonsense":             {[]string{"Range", "bytes=a-b"}, 200, "0123456789", ""},
		"beyond all numbers":   {[]string{"Range", "bytes=0-99999999999999999999"}, 200, "0123456789", ""},
		"of this version":      {[]string{"Range", "bytes=0-3", "If-Range", etag}, 206, "0123", "bytes 0-3/10"},
		"of another version":   {[]string{"Range", "bytes=0-3", "If-Range", `"x"`}, 200, "0123456789", ""},
		"nothing asked for":    {nil, 200, "0123456789", ""},
		"the largest position": {[]string{"Range", "bytes=9223372036854775807-"}, 416, "", "bytes */10"},
	} {
		r := s.send("GET", path, ann.token, nil, c.headers...)
		r.what = name
		r.is(c.status)
		if c.status != 416 && string(r.raw) != c.body {
			t.Errorf("%s: %q", name, r.raw)
		}
		if got := r.header.Get("Content-Range"); got != c.told {
			t.Errorf("%s: Content-Range %q", name, got)
		}
	}
}

func TestUploadAudio(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
	c := ann.group(bob)
	fields := []field{{"audio", "voice.txt", wave()}, {"clientId", "", "k"}, {"waveform", "", "[0, 128, 255]"}, {"durationMs", "", "123"}, {"chatId", "", c}}
	m := ann.form("POST", "/messages/upload-audio", fields...).is(201).object()
	a := m["attachments"].([]any)[0].(map[string]any)
	if m["kind"] != "audio" || a["mime"] != "audio/wav" || a["durationMs"] != 500.0 || fmt.Sprint(a["waveform"]) != "[0 128 255]" {
		t.Errorf("%v", m)
	}
	if again := ann.form("POST", "/messages/upload-audio", fields...).is(200); again.str("id") != m["id"] {
		t.Errorf("%s", again.raw)
	}
	fields[0].content = wave()[:4000] + wave()[4000:] + "\x00\x00"
	ann.form("POST", "/messages/upload-audio", fields...).problem(409, "client_id_conflict")
	id, _ := m["id"].(string)
	answer := ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"replyTo", "", id}, field{"audio", "a", wave()}).is(201)
	if answer.str("replyTo") != id {
		t.Errorf("an answer to %s: %v", id, answer.object())
	}
	for _, bad := range []string{"x", "01890000-0000-7000-8000-000000000000"} {
		ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"replyTo", "", bad}, field{"audio", "a", wave()}).problem(422, "invalid", "replyTo")
	}
	bob.get("/attachments/" + a["id"].(string)).is(200)
	eve.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"file", "a", wave()}).problem(404, "not_found")
	ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}).problem(422, "invalid", "audio")
	ann.form("POST", "/messages/upload-audio", field{"audio", "a", wave()}).problem(422, "invalid", "chatId")
	ann.form("POST", "/messages/upload-audio", field{"chatId", "", "x"}, field{"audio", "a", wave()}).problem(422, "invalid", "chatId")
	ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"audio", "a.ogg", picture(t)}).problem(415, "unsupported_media")
	for bad, name := range map[field]string{{"waveform", "", "[300]"}: "waveform", {"waveform", "", "loud"}: "waveform",
		{"waveform", "", "null"}: "waveform", {"waveform", "", "[null]"}: "waveform",
		{"durationMs", "", "long"}: "durationMs", {"clientId", "", strings.Repeat("k", 9000)}: "clientId", {"clientId", "", "a\nb"}: "clientId"} {
		ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"audio", "a", wave()}, bad).problem(422, "invalid", name)
	}
	ann.form("POST", "/messages/upload-audio", field{"audio", "a", wave()}, field{"audio", "a", wave()}).problem(422, "invalid", "audio")
	if list := bob.get("/messages?chatId=" + c).object()["items"].([]any); len(list) != 2 {
		t.Errorf("%d messages", len(list))
	}
}

func TestARecordingSentBeforeABlockIsStillAnswered(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob := s.join("ann"), s.join("bob")
	c := ann.post("/chats", object{"type": "direct", "memberIds": []string{bob.id}}).is(201).str("id")
	say := func(key string) *reply {
		return ann.post("/messages", object{"chatId": c, "content": "x", "clientId": key})
	}
	record := func(key string) *reply {
		return ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"clientId", "", key}, field{"audio", "a", wave()})
	}
	said, recorded := say("text").is(201).str("id"), record("voice").is(201).str("id")
	bob.put("/users/"+ann.id+"/block", nil).is(204)
	if id := say("text").is(200).str("id"); id != said {
		t.Errorf("the text is %s, was %s", id, said)
	}
	if id := record("voice").is(200).str("id"); id != recorded {
		t.Errorf("the recording is %s, was %s", id, recorded)
	}
	say("another").problem(403, "blocked")
	record("another voice").problem(403, "blocked")
}

// padding is what may stand in front of a form, and counts as little.
func padding(size int) string { return strings.Repeat(strings.Repeat("x", 62)+"\r\n", size/64) }

func part(name, file, content string) string {
	return "\r\n--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + file + "\"\r\n\r\n" + content + "\r\n--b--\r\n"
}

// TestAFormAsAWholeIsBounded sends forms whose length nobody has announced.
func TestAFormAsAWholeIsBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	for name, c := range map[string]struct{ method, path, body string }{
		"a file":               {"PUT", "/users/me/avatar", part("file", "a.png", padding(attach.MaxAvatar+64))},
		"no file":              {"PUT", "/users/me/avatar", part("note", "a.txt", padding(attach.MaxAvatar+1<<20))},
		"what stands before":   {"PUT", "/users/me/avatar", padding(attach.MaxAvatar+1<<20) + part("file", "a.png", picture(t))},
		"both together":        {"PUT", "/users/me/avatar", padding(attach.MaxAvatar-1<<20) + part("file", "a.png", padding(2<<20))},
		"of a recording":       {"POST", "/messages/upload-audio", padding(attach.MaxVoice+1<<20) + part("audio", "a", wave())},
		"a field that is none": {"POST", "/messages/upload-audio", part("note", "a.txt", padding(attach.MaxVoice+1<<20))},
		"before a field":       {"POST", "/messages/upload-audio", padding(attach.MaxVoice+192<<10-256) + part("chatId", "", padding(1024))},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.url+c.path, io.MultiReader(strings.NewReader(c.body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+ann.token)
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = res.Body.Close()
		(&reply{t, name, res.StatusCode, res.Header, raw}).problem(413, "too_large")
	}
}

// TestASessionThatEndsWhileABodyComes begins requests with a token that is revoked before they are whole.
func TestASessionThatEndsWhileABodyComes(t *testing.T) {
	t.Parallel()
	const wholeForm = "multipart/form-data; boundary=b"
	began := make(chan struct{}, 1) // the token was looked at
	s := newServerWith(t, 100, func(c *api.Config) {
		c.Limits = asked(func(kind, _ string) {
			if kind == limit.Request {
				select {
				case began <- struct{}{}:
				default:
				}
			}
		})
	})
	long := padding(10 << 20) // more than all buffers on the way hold: once it is sent, the form is being read
	for i, c := range []struct{ method, path, contentType, before, after string }{
		{"PATCH", "/users/me", "application/json", `{"displayName":`, `"Ann"}`},
		{"PUT", "/users/me/avatar", wholeForm, long, part("file", "me.png", picture(t))},
		{"POST", "/attachments", wholeForm, long, part("file", "a.txt", "hello")},
		{"POST", "/messages/upload-audio", wholeForm, long, part("audio", "a", wave())},
	} {
		ann := s.join(fmt.Sprint("ann", i))
		if c.path == "/messages/upload-audio" {
			c.after = strings.TrimSuffix(part("chatId", "", ann.group()), "--\r\n") + strings.TrimPrefix(c.after, "\r\n--b")
		}
		select {
		case <-began:
		default:
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n",
			c.method, c.path, ann.token, c.contentType, len(c.before), c.before)
		select {
		case <-began:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: nobody looks at the token", c.path)
		}
		ann.post("/auth/logout", nil).is(204)
		fmt.Fprintf(conn, "%x\r\n%s\r\n0\r\n\r\n", len(c.after), c.after)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		_ = res.Body.Close()
		(&reply{t, c.method + " " + c.path, res.StatusCode, res.Header, raw}).problem(401, "unauthorized")
	}
}

func TestAvatar(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob := s.join("ann"), s.join("bob")
	me := ann.form("PUT", "/users/me/avatar", field{"file", "me.png", picture(t)}).is(200).object()
	if shown := s.send("GET", me["avatarUrl"].(string), "", nil).is(200); strings.Contains(shown.header.Get("Content-Disposition"), "me.png") {
		t.Errorf("an avatar tells what its file is called: %v", shown.header)
	}
	own, _, _ := strings.Cut(strings.TrimPrefix(me["avatarUrl"].(string), "/attachments/"), "?")
	ann.post("/messages", object{"chatId": ann.group(bob), "attachmentIds": []string{own}}).problem(422, "invalid", "attachmentIds")
	if seen := bob.get("/users/" + ann.id).object()["avatarUrl"]; seen == nil {
		t.Error("others see no avatar")
	}
	ann.form("PUT", "/users/me/avatar", field{"file", "me.png", "no picture"}).problem(415, "unsupported_media")
	ann.put("/users/me/avatar", object{}).problem(415, "unsupported_media_type")
	if me := ann.del("/users/me/avatar", nil).is(200).object(); me["avatarUrl"] != nil {
		t.Errorf("%v", me)
	}
}

func TestChatAvatar(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
	c := ann.group(bob)
	path := "/chats/" + c
	png := field{"file", "us.png", picture(t)}
	made := ann.form("PUT", path+"/avatar", png).is(200).object()
	address := made["avatarUrl"].(string)
	s.send("GET", address, "", nil).is(200)
	bob.form("PUT", path+"/avatar", png).problem(403, "forbidden")
	eve.form("PUT", path+"/avatar", png).problem(404, "not_found")
	ann.form("PUT", "/chats/x/avatar", png).problem(404, "not_found")
	ann.form("PUT", path+"/avatar", field{"file", "us.png", "no picture"}).problem(415, "unsupported_media")
	ann.put(path+"/avatar", object{}).problem(415, "unsupported_media_type")
	bob.del(path+"/avatar", nil).problem(403, "forbidden")
	if got := ann.get(path).str("avatarUrl"); got != address {
		t.Errorf("%q, was %q", got, address)
	}

	// What a client has read of a chat it may send back.
	if got := ann.patch(path, object{"name": made["name"], "avatarUrl": address + "&later"}).is(200).str("avatarUrl"); got != address {
		t.Errorf("%q, was %q", got, address)
	}
	ann.patch(path, object{"avatarUrl": "https://example.com/a.png"}).problem(422, "invalid", "avatarUrl")
	ann.patch(path, object{"avatarUrl": ""}).problem(422, "invalid", "avatarUrl")
	ann.patch(path, object{"avatarUrl": 5}).problem(422, "invalid", "avatarUrl")
	eve.patch(path, object{"avatarUrl": address}).problem(404, "not_found")
	bob.patch(path, object{"avatarUrl": nil}).problem(403, "forbidden")
	if got := ann.patch(path, object{"avatarUrl": nil}).is(200).object(); got["avatarUrl"] != nil {
		t.Errorf("%v", got)
	}
	ann.patch(path, object{"avatarUrl": address}).problem(422, "invalid", "avatarUrl")

	upload := ann.form("POST", "/attachments", png).is(201).str("id")
	got := ann.patch(path, object{"avatarAttachmentId": upload, "description": "us"}).is(200).object()
	if picture, _ := got["avatarUrl"].(string); picture == "" || strings.Contains(picture, upload) || got["description"] != "us" {
		t.Errorf("%v", got)
	}
	bob.patch(path, object{"avatarAttachmentId": upload}).problem(403, "forbidden")
	own := bob.group()
	bob.patch("/chats/"+own, object{"avatarAttachmentId": upload}).problem(422, "invalid", "avatarAttachmentId")
	bob.patch("/chats/"+own, object{"avatarAttachmentId": "x"}).problem(422, "invalid", "avatarAttachmentId")
	plain := bob.form("POST", "/attachments", field{"file", "a.txt", "text"}).is(201).str("id")
	bob.patch("/chats/"+own, object{"avatarAttachmentId": plain}).problem(415, "unsupported_media")
	if got := ann.del(path+"/avatar", nil).is(200).object(); got["avatarUrl"] != nil {
		t.Errorf("%v", got)
	}
}

func TestSearchMessages(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob := s.join("ann"), s.join("bob")
	shared, own := ann.group(bob), ann.group()
	for _, text := range []string{"the first apple", "two apples", "a pear", "Зелёные яблоки"} {
		ann.say(shared, text)
	}
	ann.say(own, "a secret apple")
	count := func(who account, query string) int {
		t.Helper()
		return len(who.get("/messages/search?" + query).is(200).object()["items"].([]any))
	}
	if n := count(ann, "q=apple"); n != 3 {
		t.Errorf("%d", n)
	}
	if n := count(bob, "q=apple"); n != 2 {
		t.Errorf("a member of one chat finds %d", n)
	}
	if n := count(ann, "q=apple&chatId="+own); n != 1 {
		t.Errorf("%d", n)
	}
	if n := count(bob, "q="+url.QueryEscape("яблоко")); n != 1 {
		t.Errorf("%d", n)
	}
	page := ann.get("/messages/search?q=apple&limit=2").is(200).object()
	if n := count(ann, "q=apple&limit=2&cursor="+page["nextCursor"].(string)); n != 1 {
		t.Errorf("the second page has %d", n)
	}
	bob.get("/messages/search?q=apple&chatId="+own).problem(404, "not_found")
	bob.get("/messages/search").problem(422, "invalid", "q")
	bob.get("/messages/search?q=x&cursor=y").problem(422, "invalid", "cursor")
	bob.get("/messages/search?q=x&limit=51").problem(422, "invalid", "limit")
}

// TestUnwantedBodies sends bodies that nobody reads and looks at what the connection does next.
func TestUnwantedBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	const hidden = "DELETE /users/me HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct {
		head  string
		body  string
		close bool
	}{
		"a request inside a body": {"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: " + fmt.Sprint(300000+len(hidden)) + "\r\n\r\n", strings.Repeat("x", 300000) + hidden, false},
		"the same in chunks":      {"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("%x\r\n", len(hidden)) + hidden + "\r\n0\r\n\r\n", false},
		"without a token":         {"POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + fmt.Sprint(len(hidden)) + "\r\n\r\n", hidden, false},
		"a body that never ends":  {"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", strings.Repeat("x", 2<<20), true},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		go func() { // the server may stop to read and close: what comes of writing is not the point
			_, _ = io.WriteString(conn, c.head+c.body+"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		}()
		in := bufio.NewReader(conn)
		first, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, _ = io.Copy(io.Discard, first.Body)
		if first.StatusCode < 400 || first.Close != c.close {
			t.Errorf("%s: %d, close %v", name, first.StatusCode, first.Close)
		}
		if c.close {
			continue
		}
		second, err := http.ReadResponse(in, nil)
		if err != nil || second.StatusCode != 200 {
			t.Errorf("%s: what followed was answered with %v %v", name, second, err)
		}
	}
}

func TestDeletedMessagesAreNotFound(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	c := ann.group()
	m := ann.say(c, "a plum")
	ann.del("/messages/"+m["id"].(string), nil).is(204)
	if found := ann.get("/messages/search?q=plum").object()["items"].([]any); len(found) != 0 {
		t.Errorf("%v", found)
	}
	ann.patch("/messages/"+string(store.NewID()), object{"content": "x"}).problem(404, "not_found")
}
