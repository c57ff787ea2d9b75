package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"confab/internal/fault"
	"confab/store"
)

// forward posts what was said elsewhere: its words, its kind, its files, and who said it first, but not where. The files
// are new ones over the same bytes, which live as long as one of them, and count as the actor's own.
func (s *Service) forward(ctx context.Context, actor store.ID, in SendInput) (m Message, created bool, err error) {
	if m, err = s.repeated(ctx, actor, in); err == nil || fault.From(err).Kind != fault.NotFound {
		return m, false, err
	}
	return s.deliver(ctx, in, in.draft(actor, store.KindText, s.now()), func(tx store.Tx, draft *store.Message) ([]store.ID, error) {
		source, err := s.source(ctx, tx, actor, in)
		if err != nil {
			return nil, err
		}
		draft.Kind, draft.Content, draft.Origin = source.Kind, source.Content, source.Origin
		if draft.Origin == nil {
			draft.Origin = &store.Origin{UserID: source.UserID, At: source.CreatedAt}
		}
		return s.copies(ctx, tx, *draft, source.Attachments)
	})
}

// source finds the message that is to be forwarded. Its chat is locked, as is the one that it goes to: it cannot be
// deleted, nor its bytes collected, before the copies are there.
func (s *Service) source(ctx context.Context, tx store.Tx, actor store.ID, in SendInput) (store.Message, error) {
	if u, err := tx.LockUser(ctx, actor); err != nil || u.DeletedAt != nil {
		return store.Message{}, cmp.Or(err, notFound())
	}
	m, err := tx.Message(ctx, in.ForwardOf)
	if err != nil {
		return m, unforwardable(err)
	}
	chats := []store.ID{m.ChatID, in.ChatID}
	slices.Sort(chats)
	for _, id := range slices.Compact(chats) {
		if _, err := tx.LockChat(ctx, id); err != nil {
			return m, err
		}
	}
	if m, err = tx.Message(ctx, in.ForwardOf); err == nil {
		_, err = tx.Member(ctx, m.ChatID, actor)
	}
	written := m.Kind == store.KindText || m.Kind == store.KindFile || m.Kind == store.KindAudio
	if err == nil && (m.DeletedAt != nil || !written) {
		err = store.ErrNotFound
	}
	return m, unforwardable(err)
}

// unforwardable gives one answer to whatever cannot be forwarded, whether or not the actor may know why.
func unforwardable(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.InvalidField("forwardOf", "is no message that you can forward")
	}
	return err
}

// copies makes files of the author's own over the bytes of others.
func (s *Service) copies(ctx context.Context, tx store.Tx, m store.Message, files []store.Attachment) (ids []store.ID, err error) {
	for _, a := range files {
		a.ID, a.OwnerID, a.MessageID, a.CreatedAt = store.NewID(), m.UserID, "", m.CreatedAt
		if err := tx.CreateAttachment(ctx, a); err != nil {
			return nil, err
		}
		ids = append(ids, a.ID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return ids, s.afford(ctx, tx, m.UserID)
}
