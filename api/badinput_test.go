package api_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// sample is a file that a real program wrote.
func sample(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../internal/media/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// bomb is a PNG of a hundred bytes that claims to be 60,000 pixels wide and high: decoded, it would take 14 GB.
func bomb() string {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		body := append([]byte(kind), data...)
		b = append(b, body...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
	}
	header := binary.BigEndian.AppendUint32(nil, 60_000)
	header = binary.BigEndian.AppendUint32(header, 60_000)
	chunk("IHDR", append(header, 8, 6, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1})
	chunk("IEND", nil)
	return string(b)
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(s *server) {
		ann := s.join("ann")
		c := ann.group()
		voice := func(content string) *reply {
			return ann.form("POST", "/messages/upload-audio", field{"chatId", "", c}, field{"audio", "voice", content})
		}
		for _, name := range []string{"opus.ogg", "chromium.webm", "aac.m4a", "cbr.mp3", "pcm16.wav"} {
			whole := sample(s.T, name)
			voice(whole).is(201)
			// What is left of a recording may still be one that plays; of its first bytes nothing is.
			if r := voice(whole[:len(whole)/2]); r.status != 201 && r.status != 415 && r.status != 422 {
				s.Errorf("half of %s: %d %s", name, r.status, r.raw)
			}
			if r := voice(whole[:12]); r.status != 415 && r.status != 422 {
				s.Errorf("the beginning of %s: %d %s", name, r.status, r.raw)
			}
		}
		cut := sample(s.T, "aac.m4a")
		voice(cut[:len(cut)/2]).problem(422, "damaged_file", "audio")
		voice("").problem(422, "empty_file", "audio")
		voice(sample(s.T, "video.mp4")[:100]).is(422)
		ann.form("POST", "/attachments", field{"file", "nothing.txt", ""}).problem(422, "empty_file", "file")

		for _, to := range []struct{ method, path string }{{"POST", "/attachments"}, {"PUT", "/users/me/avatar"}, {"PUT", "/chats/" + c + "/avatar"}} {
			ann.form(to.method, to.path, field{"file", "bomb.png", bomb()}).problem(422, "too_many_pixels", "file")
		}
		half := sample(s.T, "still.jpg")
		ann.form("PUT", "/users/me/avatar", field{"file", "me.jpg", half[:len(half)/2]}).is(422)
		ann.form("POST", "/attachments", field{"file", "half.jpg", half[:len(half)/2]}).is(201) // a file like any other
		ann.get("/users/me").is(200)
	})
}

func TestNamesThatTurnAround(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(s *server) {
		ann := s.join("ann")
		for given, want := range map[string]string{
			"\u202egpj.exe":                   "gpj.exe",
			"\u2066\u202e\u2069\u200f":        "file",
			"a\u0000b\u0007.txt":              "ab.txt",
			"../../../etc/passwd":             "passwd",
			`C:\Windows\win.ini`:              "win.ini",
			"..":                              "file",
			strings.Repeat("я", 300) + ".txt": strings.Repeat("я", 125) + ".txt",
		} {
			var b bytes.Buffer
			fmt.Fprintf(&b, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\nhello\r\n--b--\r\n", strings.ReplaceAll(given, `\`, `\\`))
			r := ann.send("POST", "/attachments", ann.token, b.String(), "Content-Type", "multipart/form-data; boundary=b")
			if strings.ContainsRune(given, 0) && (r.status == 400 || r.status == 422) { // a header with a NUL may be refused as a whole
				continue
			}
			if got := r.is(201).str("name"); got != want {
				s.Errorf("%q is called %q, want %q", given, got, want)
			}
		}
		for _, name := range []string{"\u202etxt", "a\u2066b", "a\u0000b", "\u200f", "a\nb"} {
			ann.post("/chats", object{"type": "group", "name": name, "memberIds": []string{}}).problem(422, "invalid", "name")
			ann.patch("/users/me", object{"displayName": name}).problem(422, "invalid", "displayName")
			ann.patch("/users/me", object{"username": name}).problem(422, "invalid", "username")
		}
	})
}

func TestTextThatNoDatabaseKeeps(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(s *server) {
		ann := s.join("ann")
		c := ann.group()
		m := ann.say(c, "fine")["id"].(string)
		ann.post("/messages", object{"chatId": c, "content": "a\u0000b"}).problem(422, "invalid", "content")
		ann.post("/messages", object{"chatId": c, "content": "x", "clientId": "a\u0000b"}).problem(422, "invalid", "clientId")
		ann.patch("/messages/"+m, object{"content": "\u0000"}).problem(422, "invalid", "content")
		ann.send("POST", "/messages", ann.token, `{"chatId":"`+c+`","content":"`+"\xff\xfe"+`"}`).problem(400, "malformed")
		ann.put("/messages/"+m+"/reactions/%00", nil).problem(422, "invalid", "emoji")
		ann.put("/messages/"+m+"/reactions/%FF", nil).problem(422, "invalid", "emoji")
		for _, bad := range []string{"%00", "%FF%FE", "a%00b"} {
			for _, path := range []string{"/users/search?q=", "/messages/search?q="} {
				if r := ann.get(path + bad); r.status != 422 && r.status != 400 {
					s.Errorf("%s%s: %d %s", path, bad, r.status, r.raw)
				}
			}
			ann.get("/chats/"+bad).problem(404, "not_found")
			ann.get("/attachments/"+bad).problem(404, "not_found")
			ann.get("/chats?cursor="+bad).problem(422, "invalid", "cursor")
		}
		ann.send("POST", "/auth/login", "", object{"login": "ann\u0000", "password": "x\u0000y"}).problem(401, "bad_credentials")
		if got := ann.history(c); len(got) != 1 || got[0]["content"] != "fine" {
			s.Errorf("the chat holds %v", got)
		}
	})
}

func TestNumbersOutOfRange(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(s *server) {
		ann := s.join("ann")
		c := ann.group()
		ann.say(c, "one")
		count := func(query string) int {
			return len(ann.get("/messages?chatId=" + c + "&" + query).is(200).object()["items"].([]any))
		}
		for query, want := range map[string]int{
			"before=9223372036854775807": 1, "after=9223372036854775807": 0, "sinceRev=9223372036854775807": 0, "before=0": 0, "after=0": 1, "sinceRev=0": 1,
		} {
			if n := count(query); n != want {
				s.Errorf("%s: %d messages, want %d", query, n, want)
			}
		}
		for query, field := range map[string]string{
			"before=-1": "before", "after=-1": "after", "sinceRev=-9223372036854775808": "sinceRev", "before=9223372036854775808": "before",
			"after=1.5": "after", "sinceRev=x": "sinceRev", "limit=0": "limit", "limit=-1": "limit", "limit=201": "limit",
			"limit=99999999999999999999": "limit",
		} {
			ann.get("/messages?chatId="+c+"&"+query).problem(422, "invalid", field)
		}
		ann.get("/messages?chatId="+c+"&before=5&sinceRev=1").problem(422, "invalid", "sinceRev")
	})
}

func TestAnUploadThatStopsHalfWay(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(s *server) {
		ann := s.join("ann")
		for _, path := range []string{"/attachments", "/messages/upload-audio"} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				s.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				s.Fatal(err)
			}
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"+
				"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n%s", path, ann.token, strings.Repeat("x", 400_000))
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				s.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				s.Fatalf("%s: %v", path, err)
			}
			raw, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 400 || !bytes.Contains(raw, []byte("upload_cut_off")) {
				s.Errorf("%s: %d %s %v", path, res.StatusCode, raw, err)
			}
			_ = res.Body.Close()
		}
		if files := ann.exported().list(s.T, "files.json"); len(files) != 0 {
			s.Errorf("left behind: %v", files)
		}
	})
}
