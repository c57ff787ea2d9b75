package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"confab/internal/attach"
	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/internal/wirejson"
	"confab/store"
)

const (
	// uploadTimeout bounds a whole upload: the largest file over a line of half a megabit.
	uploadTimeout = 30 * time.Minute
	// stallTimeout is how long an upload may bring nothing.
	stallTimeout = 30 * time.Second
	// maxFields bounds the parts of a form, and maxField each of them that is no file, in bytes.
	maxFields = 16
	maxField  = 8 << 10
	// formOverhead is more than boundaries, headers and fields add to a file, in bytes: maxFields of maxField, and 64 KiB.
	formOverhead = 192 << 10
)

func (a *API) fileRoutes() {
	form := func(o *huma.Operation, fields map[string]*huma.Schema, required ...string) {
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {
			Schema: &huma.Schema{Type: huma.TypeObject, Properties: fields, Required: required}}}}
	}
	file := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	text := &huma.Schema{Type: huma.TypeString}
	handle(a, route{http.MethodPost, "/attachments", "upload", "Upload a file to send", "files", http.StatusCreated, false, limit.Upload}, a.upload,
		func(o *huma.Operation) { form(o, map[string]*huma.Schema{"file": file}, "file") })
	handle(a, route{http.MethodPost, "/messages/upload-audio", "sendAudio", "Send a voice message", "messages", http.StatusCreated, false, limit.Send}, a.sendAudio,
		func(o *huma.Operation) {
			form(o, map[string]*huma.Schema{"chatId": text, "audio": file, "clientId": text, "replyTo": text,
				"durationMs": {Type: huma.TypeInteger, Description: "Taken for what it is: the server reads the duration from the file."},
				"waveform":   {Type: huma.TypeString, Description: "A JSON array of up to 256 whole numbers from 0 to 255."}}, "chatId", "audio")
		})
	handle(a, route{http.MethodPut, "/users/me/avatar", "setAvatar", "Change one's avatar: PNG, JPEG or WebP", "users", 0, false, limit.Upload}, a.setAvatar,
		func(o *huma.Operation) { form(o, map[string]*huma.Schema{"file": file}, "file") })
	handle(a, route{http.MethodDelete, "/users/me/avatar", "removeAvatar", "Remove one's avatar", "users", 0, false, limit.Change}, a.removeAvatar)
	handle(a, route{http.MethodPut, "/chats/{id}/avatar", "setChatAvatar", "Change a group's picture: PNG, JPEG or WebP", "chats", 0, false, limit.Upload}, a.setChatAvatar,
		func(o *huma.Operation) { form(o, map[string]*huma.Schema{"file": file}, "file") })
	handle(a, route{http.MethodDelete, "/chats/{id}/avatar", "removeChatAvatar", "Remove a group's picture", "chats", 0, false, limit.Change}, a.removeChatAvatar)
	handle(a, route{http.MethodGet, "/attachments/{id}", "download", "Read a file, with the two parameters of its link, a token, or both", "files", 0, true, ""}, a.download,
		func(o *huma.Operation) {
			o.Security = []map[string][]string{{}, {"bearer": {}}}
			o.Responses["200"] = &huma.Response{Description: "The bytes; with a Range header 206 and a part of them",
				Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: file}}}
		})
}

// form is a multipart body that is read as it comes.
type form struct {
	reader *multipart.Reader
	parts  int
}

// openForm begins to read a request's form. ctx is one for as long as uploads may take, and cancel ends it.
func openForm(ctx context.Context, most int64) (_ *form, _ context.Context, cancel func(), err error) {
	c := from(ctx).request
	kind, params, err := mime.ParseMediaType(c.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, nil, nil, fault.New(fault.Unsupported, "unsupported_media_type", "the body must be multipart/form-data")
	}
	if int64(c.Request().Header.ContentLength()) > most+formOverhead {
		return nil, nil, nil, tooLarge()
	}
	stream := bodyOf(c)
	if stream == nil {
		return nil, nil, nil, fault.New(fault.BadRequest, "malformed", "the body is empty")
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), uploadTimeout)
	patient := &patientReader{ctx: ctx, body: stream, left: most + formOverhead + 1, setDeadline: c.Context().Conn().SetReadDeadline}
	return &form{reader: multipart.NewReader(patient, params["boundary"])}, ctx, cancel, nil
}

func tooLarge() error {
	return &fault.Error{Kind: fault.TooLarge, Code: "too_large", Message: "the file is too large",
		Fields: []fault.Field{{Field: "file", Message: "is too large"}}}
}

// patientReader gives a slow line time, as long as something comes, the form as a whole is no longer than it may be, and
// its time is not over.
type patientReader struct {
	ctx         context.Context
	body        io.Reader
	left        int64 // bytes, one of them too many
	setDeadline func(time.Time) error
}

func (p *patientReader) Read(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, fault.New(fault.BadRequest, "upload_cut_off", "the upload took too long")
	}
	if p.left <= 0 {
		return 0, tooLarge()
	}
	if err := p.setDeadline(time.Now().Add(stallTimeout)); err != nil {
		return 0, err
	}
	n, err := p.body.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, err
}

// next is the form's next part, or io.EOF.
func (f *form) next() (*multipart.Part, error) {
	if f.parts++; f.parts > maxFields {
		return nil, fault.New(fault.BadRequest, "malformed", "the form has too many parts")
	}
	part, err := f.reader.NextRawPart()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	return part, err
}

// unreadable is what reading a form failed with: a refusal of patientReader's, or something wrong with the form.
func unreadable(err error) error {
	var refused *fault.Error
	if errors.As(err, &refused) {
		return refused
	}
	return &fault.Error{Kind: fault.BadRequest, Code: "malformed", Message: "the form cannot be read", Cause: err}
}

// file goes on to the part that is the file.
func (f *form) file() (*multipart.Part, error) {
	for {
		part, err := f.next()
		if errors.Is(err, io.EOF) {
			return nil, fault.InvalidField("file", "is missing")
		}
		if err != nil || part.FormName() == "file" {
			return part, err
		}
	}
}

// value reads a part that is no file.
func value(part *multipart.Part) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return "", unreadable(err)
	}
	if len(raw) > maxField {
		return "", fault.InvalidField(part.FormName(), "is too long")
	}
	return string(raw), nil
}

// unknownSize is for files whose length only shows at their end, as in every form.
const unknownSize = -1

func (a *API) upload(ctx context.Context, _ *none) (*body[chat.Attachment], error) {
	f, ctx, cancel, err := openForm(ctx, attach.MaxFile)
	if err != nil {
		return nil, err
	}
	defer cancel()
	kept, err := a.keepFile(ctx, f, attach.ForMessage)
	return answer(a.cfg.Chats.AttachmentOf(kept), err)
}

// keepFile takes in the file of a form, and keeps it unless the session was revoked while it came.
func (a *API) keepFile(ctx context.Context, f *form, purpose attach.Purpose) (kept store.Attachment, err error) {
	part, err := f.file()
	if err != nil {
		return kept, err
	}
	who, name := from(ctx).Identity, part.FileName()
	if purpose == attach.ForAvatar {
		name = "" // others see the picture, and need not see what it is called
	}
	file, err := a.cfg.Files.Receive(ctx, who.UserID, purpose, name, part, unknownSize)
	if err != nil {
		return kept, err
	}
	defer file.Discard()
	if err := a.cfg.Auth.Alive(ctx, who); err != nil {
		return kept, err
	}
	return file.Keep(ctx)
}

func (a *API) setAvatar(ctx context.Context, _ *none) (*body[chat.Profile], error) {
	return answer(receiveAvatar(ctx, a, func(ctx context.Context, picture store.ID) (chat.Profile, error) {
		return a.cfg.Chats.SetAvatar(ctx, from(ctx).UserID, picture)
	}))
}

// receiveAvatar takes in the picture of a form, and uses it.
func receiveAvatar[T any](ctx context.Context, a *API, use func(ctx context.Context, picture store.ID) (T, error)) (view T, err error) {
	f, ctx, cancel, err := openForm(ctx, attach.MaxAvatar)
	if err != nil {
		return view, err
	}
	defer cancel()
	kept, err := a.keepFile(ctx, f, attach.ForAvatar)
	if err != nil {
		return view, err
	}
	return use(ctx, kept.ID)
}

func (a *API) setChatAvatar(ctx context.Context, in *chatInput) (*body[chat.Chat], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Chats.MayChange(ctx, from(ctx).UserID, id); err != nil {
		return nil, err
	}
	return answer(receiveAvatar(ctx, a, func(ctx context.Context, picture store.ID) (chat.Chat, error) {
		return a.cfg.Chats.UpdateChat(ctx, from(ctx).UserID, id, chat.ChatPatch{AvatarID: &picture})
	}))
}

func (a *API) removeChatAvatar(ctx context.Context, in *chatInput) (*body[chat.Chat], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.UpdateChat(ctx, from(ctx).UserID, id, chat.ChatPatch{AvatarID: new(store.ID)}))
}

func (a *API) removeAvatar(ctx context.Context, _ *none) (*body[chat.Profile], error) {
	return answer(a.cfg.Chats.SetAvatar(ctx, from(ctx).UserID, ""))
}

// audioForm is the fields of a voice message; they may come in any order.
type audioForm struct {
	chatID, clientID, replyTo string
	waveform                  []int
	recording                 *attach.Upload
}

func (a *API) sendAudio(ctx context.Context, _ *none) (*stated[chat.Message], error) {
	if err := a.charge(limit.Upload, from(ctx)); err != nil { // besides the one for a message
		return nil, err
	}
	f, ctx, cancel, err := openForm(ctx, attach.MaxVoice)
	if err != nil {
		return nil, err
	}
	defer cancel()
	in, err := a.readAudioForm(ctx, f)
	if in.recording != nil {
		defer in.recording.Discard()
	}
	if err != nil {
		return nil, err
	}
	if in.chatID == "" {
		return nil, fault.InvalidField("chatId", "is missing")
	}
	chatID, err := fieldID("chatId", in.chatID)
	if err != nil {
		return nil, err
	}
	var replyTo store.ID
	if in.replyTo != "" {
		if replyTo, err = fieldID("replyTo", in.replyTo); err != nil {
			return nil, err
		}
	}
	if in.recording == nil {
		return nil, fault.InvalidField("audio", "is missing")
	}
	if err := in.recording.SetWaveform(in.waveform); err != nil {
		return nil, err
	}
	if err := a.cfg.Auth.Alive(ctx, from(ctx).Identity); err != nil { // a revocation may have come while the recording did
		return nil, err
	}
	return answerCreated(a.cfg.Chats.SendAudio(ctx, from(ctx).UserID, chat.AudioInput{ChatID: chatID, ClientID: in.clientID, ReplyTo: replyTo,
		Digest: in.recording.SHA256(), Keep: in.recording.Keep}))
}

func (a *API) readAudioForm(ctx context.Context, f *form) (in audioForm, err error) {
	for {
		part, err := f.next()
		if errors.Is(err, io.EOF) {
			return in, nil
		} else if err != nil {
			return in, err
		}
		var text string
		switch name := part.FormName(); name {
		case "audio", "file":
			if in.recording != nil {
				return in, fault.InvalidField("audio", "must be one file")
			}
			if in.recording, err = a.cfg.Files.Receive(ctx, from(ctx).UserID, attach.ForVoice, part.FileName(), part, unknownSize); err != nil {
				return in, err
			}
		case "chatId":
			in.chatID, err = value(part)
		case "clientId":
			in.clientID, err = value(part)
		case "replyTo":
			in.replyTo, err = value(part)
		case "waveform":
			if text, err = value(part); err == nil {
				in.waveform, err = waveform(text)
			}
		case "durationMs": // the file knows better, but what is no number is a mistake that its sender should hear of
			if text, err = value(part); err == nil {
				if ms, numErr := strconv.ParseFloat(text, 64); numErr != nil || ms < 0 {
					err = fault.InvalidField("durationMs", "must be a number of milliseconds")
				}
			}
		}
		if err != nil {
			return in, err
		}
	}
}

// waveform reads what a client drew. How long it may be and what its numbers are is for the rules to say.
func waveform(text string) ([]int, error) {
	var given []*int // null is no number, and [null] none either
	if err := wirejson.Unmarshal([]byte(text), &given); err != nil || given == nil || slices.Contains(given, nil) {
		return nil, fault.InvalidField("waveform", "must be a JSON array of whole numbers from 0 to 255")
	}
	samples := make([]int, len(given))
	for i, n := range given {
		samples[i] = *n
	}
	return samples, nil
}

type downloadInput struct {
	ID   string `path:"id"`
	Exp  string `query:"exp" doc:"Of the link."`
	Sig  string `query:"sig" doc:"Of the link."`
	Size string `query:"size" enum:"thumb" doc:"A picture's thumbnail."`

	Authorization string `header:"Authorization" hidden:"true"`
}

type downloadOutput struct{ Body func(huma.Context) }

func (a *API) download(ctx context.Context, in *downloadInput) (*downloadOutput, error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	request := attach.Request{ID: id, Exp: in.Exp, Sig: in.Sig, Thumb: in.Size == "thumb"}
	if token, given := bearer(in.Authorization); given || in.Sig == "" {
		who, err := a.cfg.Auth.Verify(ctx, token)
		if err != nil && in.Sig == "" { // a link works whatever comes with it
			return nil, err
		}
		request.Actor = who.UserID
	}
	file, err := a.cfg.Files.Open(ctx, request)
	if err != nil {
		return nil, err
	}
	return &downloadOutput{func(huma.Context) { serveFile(from(ctx).request, file) }}, nil
}
