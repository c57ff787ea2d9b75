package chat

import (
	"context"
	"errors"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

// AudioInput is a recording to be sent. Keep makes the attachment; it is only called when the message is a new one.
type AudioInput struct {
	ChatID   store.ID
	ClientID string
	ReplyTo  store.ID
	Digest   [32]byte // SHA-256 of the recording, by which a repetition is known
	Keep     func(context.Context) (store.Attachment, error)
}

// SendAudio posts a message of kind "audio". It is repeatable and refuses as Send does.
func (s *Service) SendAudio(ctx context.Context, actor store.ID, in AudioInput) (m Message, created bool, err error) {
	clientID, err := text.ClientID("clientId", in.ClientID)
	if err != nil {
		return Message{}, false, err
	}
	if in.ReplyTo != "" && wellFormed(in.ReplyTo) != nil {
		return Message{}, false, fault.InvalidField("replyTo", "is no message of this chat")
	}
	if _, _, err := s.Access(ctx, actor, in.ChatID); err != nil {
		return Message{}, false, err
	}
	payload := SendInput{ChatID: in.ChatID, ClientID: clientID, ReplyTo: in.ReplyTo, digest: in.Digest[:]}
	if clientID != "" {
		m, err = s.replay(ctx, actor, payload)
		if err == nil || fault.From(err).Kind != fault.NotFound {
			return m, false, err
		}
	}
	recording, err := in.Keep(ctx)
	if err != nil {
		return Message{}, false, err
	}
	at := s.now()
	draft := store.Message{ID: store.NewID(), ChatID: in.ChatID, UserID: actor, Kind: store.KindAudio, ClientID: clientID,
		ReplyTo: in.ReplyTo, CreatedAt: at, UpdatedAt: at}
	if clientID != "" {
		draft.PayloadHash = payload.hash()
	}
	err = s.change(ctx, in.ChatID, func(tx store.Tx) (change, error) {
		stored, members, err := s.insert(ctx, tx, draft, []store.ID{recording.ID})
		if err != nil {
			return change{}, err
		}
		m = s.message(stored, StatusSent)
		return change{stored.Rev, func() []bus.Event { return []bus.Event{received(m, everybody(members))} }}, nil
	})
	if errors.Is(err, store.ErrClientIDTaken) { // by a repetition that raced; what was kept for nothing is collected
		m, err = s.replay(ctx, actor, payload)
		return m, false, err
	}
	return m, err == nil, err
}
