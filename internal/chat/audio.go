package chat

import (
	"context"

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
	payload := SendInput{ChatID: in.ChatID, ClientID: clientID, ReplyTo: in.ReplyTo, digest: in.Digest[:]}
	if m, err = s.repeated(ctx, actor, payload); err == nil || fault.From(err).Kind != fault.NotFound {
		return m, false, err
	}
	if _, err := s.Enter(ctx, actor, in.ChatID); err != nil {
		return Message{}, false, err
	}
	recording, err := in.Keep(ctx) // for nothing, and collected, if a repetition comes first
	if err != nil {
		return Message{}, false, err
	}
	return s.deliver(ctx, payload, payload.draft(actor, store.KindAudio, s.now()), func(store.Tx, *store.Message) ([]store.ID, error) {
		return []store.ID{recording.ID}, nil
	})
}
