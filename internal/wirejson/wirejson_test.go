package wirejson_test

import (
	"errors"
	"testing"

	"confab/internal/stamp"
	"confab/internal/wirejson"
)

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	type ref struct {
		ChatID string `json:"chatId"`
	}
	type body struct {
		ref
		Content string     `json:"content"`
		On      *bool      `json:"on"`
		IDs     []string   `json:"ids"`
		N       uint8      `json:"n"`
		At      stamp.Time `json:"at"`
		Answer  struct {
			SDP string `json:"sdp"`
		} `json:"answer"`
	}
	for _, c := range []struct{ text, content, field, got string }{
		{text: `{"content":"right","Content":"wrong","chatid":5,"other":{}}`, content: "right"},
		{text: `{"content":"😀"}`, content: "😀"},
		{text: `{"content":5}`, field: "content", got: "number"},
		{text: `{"chatId":[]}`, field: "chatId", got: "array"},
		{text: `{"on":"yes"}`, field: "on", got: "string"},
		{text: `{"n":1.5}`, field: "n", got: "number 1.5"},
		{text: `{"n":300}`, field: "n", got: "number 300"},
		{text: `{"ids":["a",true]}`, field: "ids.1", got: "boolean"},
		{text: `{"answer":{"sdp":{}}}`, field: "answer.sdp", got: "object"},
	} {
		var b body
		err := wirejson.Unmarshal([]byte(c.text), &b)
		var wrong *wirejson.Mismatch
		if errors.As(err, &wrong) {
			if wrong.Field != c.field || wrong.Got != c.got {
				t.Errorf("%s: %+v", c.text, wrong)
			}
		} else if err != nil || c.field != "" || b.Content != c.content || b.ChatID != "" {
			t.Errorf("%s: %+v, %v", c.text, b, err)
		}
	}
	for _, text := range []string{``, `{`, `{}x`, "{\"content\":\"\xff\"}", `{"content":"\ud83d"}`, `{"content":"a","content":"b"}`} {
		if err := wirejson.Unmarshal([]byte(text), &body{}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	err := wirejson.Unmarshal([]byte(`{"at":"yesterday"}`), &body{})
	if err == nil || errors.As(err, new(*wirejson.Mismatch)) {
		t.Errorf("what a type's own method refuses: %v", err)
	}
}
