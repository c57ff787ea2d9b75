package chat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

// MaxAttachments is how many files one message may carry: a phone's album view of one outing, in one line of a chat.
const MaxAttachments = 10

// SendInput is a message to be sent. AttachmentIDs are the sender's own uploads that no message carries yet. ForwardOf is a
// message that is passed on; Content, ReplyTo and AttachmentIDs are empty then.
type SendInput struct {
	ChatID        store.ID
	Content       string
	ClientID      string
	ReplyTo       store.ID
	AttachmentIDs []store.ID
	ForwardOf     store.ID

	digest []byte // of a recording, whose attachment is a new one with each attempt
}

// Send posts a message; created is false when ClientID was used before, and the message is the one stored then.
// Refusals: not_found, invalid, client_id_conflict (that key was used for something else), blocked where one of the two
// of a direct chat blocks the other, and quota_exceeded where forwarded files are more than the actor has room for.
func (s *Service) Send(ctx context.Context, actor store.ID, in SendInput) (m Message, created bool, err error) {
	if in, err = in.clean(); err != nil {
		return Message{}, false, err
	}
	if in.ForwardOf != "" {
		return s.forward(ctx, actor, in)
	}
	kind := store.KindText
	if len(in.AttachmentIDs) > 0 {
		kind = store.KindFile
	}
	draft := in.draft(actor, kind, s.now())
	if kind == store.KindText && len(text.Mentions(in.Content)) == 0 {
		if m, created, err = s.post(ctx, draft); created || err != nil {
			return m, created, err
		}
	}
	return s.deliver(ctx, in, draft, func(store.Tx, *store.Message) ([]store.ID, error) { return in.AttachmentIDs, nil })
}

// draft is the message before it has its place.
func (in SendInput) draft(actor store.ID, kind store.MessageKind, at time.Time) store.Message {
	m := store.Message{
		ID: store.NewID(), ChatID: in.ChatID, UserID: actor, Kind: kind, Content: in.Content,
		ClientID: in.ClientID, ReplyTo: in.ReplyTo, CreatedAt: at, UpdatedAt: at,
	}
	if in.ClientID != "" {
		m.PayloadHash = in.hash()
	}
	return m
}

// deliver stores a message by the long way. fill completes it, takes what locks it needs, and names its files.
func (s *Service) deliver(ctx context.Context, in SendInput, draft store.Message, fill func(store.Tx, *store.Message) ([]store.ID, error)) (m Message, created bool, err error) {
	err = s.change(ctx, in.ChatID, func(tx store.Tx) (change, error) {
		full := draft
		files, err := fill(tx, &full)
		if err != nil {
			return change{}, err
		}
		stored, members, err := s.insert(ctx, tx, full, files)
		if err != nil {
			return change{}, err
		}
		m = s.message(stored, StatusSent)
		return change{stored.Rev, func() []bus.Event { return []bus.Event{received(m, everybody(members))} }}, nil
	})
	if errors.Is(err, store.ErrClientIDTaken) {
		m, err = s.replay(ctx, draft.UserID, in)
		return m, false, err
	}
	return m, err == nil, err
}

// post stores a plain message by the store's short way, in which many messages share a commit. When that does not take
// it, ok is false and the long way tells why.
func (s *Service) post(ctx context.Context, draft store.Message) (m Message, ok bool, err error) {
	t := s.lanes.enter(draft.ChatID)
	defer t.leave()
	posted, ok, err := s.store.Post(ctx, draft)
	if !ok || err != nil {
		return Message{}, false, err
	}
	draft.Seq, draft.Rev = posted.Seq, posted.Rev
	m = s.message(draft, StatusSent)
	t.publish(m.Rev, received(m, posted.Members))
	return m, true, nil
}

// insert takes the next place in the chat for a member's message.
func (s *Service) insert(ctx context.Context, tx store.Tx, m store.Message, attachments []store.ID) (store.Message, []store.Member, error) {
	var err error
	if m.Seq, m.Rev, err = tx.Advance(ctx, m.ChatID, true, m.CreatedAt); err != nil {
		return m, nil, err
	}
	members, err := tx.Members(ctx, m.ChatID)
	if err != nil {
		return m, nil, err
	}
	if _, in := memberOf(members, m.UserID); !in {
		return m, nil, notFound()
	}
	if m.ReplyTo != "" {
		quoted, err := tx.Message(ctx, m.ReplyTo)
		if errors.Is(err, store.ErrNotFound) || err == nil && quoted.ChatID != m.ChatID {
			return m, nil, fault.InvalidField("replyTo", "is no message of this chat")
		} else if err != nil {
			return m, nil, err
		}
	}
	if err := tx.InsertMessage(ctx, m); err != nil {
		return m, nil, err
	}
	if err := open(ctx, tx, members); err != nil { // after the clientId: what was sent before a block is still answered
		return m, nil, err
	}
	if err := mention(ctx, tx, m); err != nil {
		return m, nil, err
	}
	if err := tx.AttachToMessage(ctx, m.ID, m.UserID, attachments); errors.Is(err, store.ErrNotFound) {
		return m, nil, fault.InvalidField("attachmentIds", "must be uploads of your own that no message carries yet")
	} else if err != nil {
		return m, nil, err
	}
	m, err = tx.Message(ctx, m.ID)
	return m, members, err
}

// mention keeps who is named in a message, among those who are in the chat now.
func mention(ctx context.Context, tx store.Tx, m store.Message) error {
	var named []store.ID
	if names := text.Mentions(m.Content); len(names) > 0 {
		var err error
		if named, err = tx.MembersNamed(ctx, m.ChatID, names); err != nil {
			return err
		}
	}
	return tx.SetMentions(ctx, m.ID, named)
}

// repeated is replay for what costs more than a look whether it was sent before; not_found: it was not.
func (s *Service) repeated(ctx context.Context, actor store.ID, in SendInput) (Message, error) {
	if in.ClientID == "" {
		return Message{}, notFound()
	}
	return s.replay(ctx, actor, in)
}

// replay answers a repeated send with what was stored first, as it is now.
func (s *Service) replay(ctx context.Context, actor store.ID, in SendInput) (m Message, err error) {
	err = s.view(ctx, func(tx store.Tx) error {
		first, err := tx.MessageByClientID(ctx, actor, in.ClientID)
		if err != nil {
			return err
		}
		if !bytes.Equal(first.PayloadHash, in.hash()) {
			return &fault.Error{Kind: fault.Conflict, Code: "client_id_conflict",
				Message: "this clientId was used for another message", Fields: []fault.Field{{Field: "clientId", Message: "was used for another message"}}}
		}
		members, err := tx.Members(ctx, first.ChatID)
		if err != nil {
			return err
		}
		if _, in := memberOf(members, actor); !in {
			return notFound()
		}
		status, err := (&audience{members: members}).statusOf(ctx, tx, first)
		m = s.message(first, status)
		return err
	})
	return m, err
}

func (in SendInput) clean() (SendInput, error) {
	if err := wellFormed(in.ChatID); err != nil {
		return in, err
	}
	if in.ForwardOf != "" {
		if err := in.onlyForwards(); err != nil {
			return in, err
		}
	}
	var err error
	rule := text.Message
	if len(in.AttachmentIDs) > 0 || in.ForwardOf != "" {
		rule = text.Caption
	}
	if in.Content, err = rule("content", in.Content); err != nil {
		return in, err
	}
	if in.ClientID, err = text.ClientID("clientId", in.ClientID); err != nil {
		return in, err
	}
	if in.ReplyTo != "" && wellFormed(in.ReplyTo) != nil {
		return in, fault.InvalidField("replyTo", "is no message of this chat")
	}
	if len(in.AttachmentIDs) > MaxAttachments {
		return in, fault.InvalidField("attachmentIds", fmt.Sprintf("may be at most %d", MaxAttachments))
	}
	seen := map[store.ID]bool{}
	for _, id := range in.AttachmentIDs {
		if wellFormed(id) != nil || seen[id] {
			return in, fault.InvalidField("attachmentIds", "must be different uploads of your own that no message carries yet")
		}
		seen[id] = true
	}
	return in, nil
}

// onlyForwards refuses what would be said beside what somebody else said.
func (in SendInput) onlyForwards() error {
	const message = "must be left out where a message is forwarded"
	switch {
	case wellFormed(in.ForwardOf) != nil:
		return unforwardable(store.ErrNotFound)
	case in.Content != "":
		return fault.InvalidField("content", message)
	case in.ReplyTo != "":
		return fault.InvalidField("replyTo", message)
	case len(in.AttachmentIDs) > 0:
		return fault.InvalidField("attachmentIds", message)
	}
	return nil
}

// hash identifies the payload under a clientId. Each part goes in with its length, so that no two payloads run together.
func (in SendInput) hash() []byte {
	h := sha256.New()
	part := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	part(string(in.ChatID))
	part(in.Content)
	part(string(in.ReplyTo))
	for _, id := range in.AttachmentIDs {
		part(string(id))
	}
	if in.digest != nil {
		part(string(in.digest))
	}
	if in.ForwardOf != "" {
		part("forward")
		part(string(in.ForwardOf))
	}
	return h.Sum(nil)
}

func received(m Message, to []store.ID) bus.Event {
	return bus.Event{Name: EventMessageReceived, To: to, Data: MessageEvent{m}}
}

// CallMeta is the Meta of a message of kind "call".
type CallMeta struct {
	CallID   store.ID `json:"callId"`
	Reason   string   `json:"reason"`   // store.Call.EndReason
	Duration int64    `json:"duration"` // whole seconds from the answer to the end; 0: nobody answered
}

// EndCall writes the end of a call into the history together with the message of kind "call" that tells of it, so that a
// crash leaves both or neither. The message is in the name of who started the call, member still or not.
func (s *Service) EndCall(ctx context.Context, c store.Call) error {
	meta := CallMeta{CallID: c.ID, Reason: c.EndReason}
	if c.AnsweredAt != nil && c.EndedAt != nil {
		meta.Duration = int64(c.EndedAt.Sub(*c.AnsweredAt) / time.Second)
	}
	return s.change(ctx, c.ChatID, func(tx store.Tx) (change, error) {
		stored, err := s.note(ctx, tx, c.ChatID, c.StartedBy, store.KindCall, meta)
		if err != nil {
			return change{}, err
		}
		if err := tx.UpdateCall(ctx, c); err != nil {
			return change{}, err
		}
		members, err := tx.Members(ctx, c.ChatID)
		return change{stored.Rev, func() []bus.Event { return []bus.Event{received(s.message(stored, StatusSent), everybody(members))} }}, err
	})
}

// SystemMeta is the Meta of a message of kind "system": what its author did to the chat.
type SystemMeta struct {
	Event  string   `json:"event"`            // one of the System constants
	UserID store.ID `json:"userId,omitempty"` // to whom, where it was done to somebody
	Name   string   `json:"name,omitempty"`   // the new name of a renamed chat
}

// The events that leave a system message.
const (
	SystemMemberAdded   = "member_added"
	SystemMemberJoined  = "member_joined" // by an invitation
	SystemMemberRemoved = "member_removed"
	SystemMemberLeft    = "member_left"
	SystemRenamed       = "renamed"
)

// note inserts a message that the server writes in somebody's name.
func (s *Service) note(ctx context.Context, tx store.Tx, chatID, author store.ID, kind store.MessageKind, meta any) (store.Message, error) {
	raw, err := json.Marshal(meta)
	if err != nil {
		return store.Message{}, err
	}
	at := s.now()
	m := store.Message{ID: store.NewID(), ChatID: chatID, UserID: author, Kind: kind, Meta: raw, CreatedAt: at, UpdatedAt: at}
	if m.Seq, m.Rev, err = tx.Advance(ctx, chatID, true, at); err != nil {
		return m, err
	}
	return m, tx.InsertMessage(ctx, m)
}
