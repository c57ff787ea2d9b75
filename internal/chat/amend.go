package chat

import (
	"context"
	"errors"
	"slices"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

const (
	// MaxEmojis is how many different emoji may stand under one message: more make no sense to the eye, and each
	// change sends the whole list to every member.
	MaxEmojis = 32
	// MaxOwnEmojis is how many of them one person may choose.
	MaxOwnEmojis = 12
)

// Edit replaces the text of one's own message. Refusals: not_found, forbidden (not the author), not_editable (a call or
// system message, or a forwarded one), message_deleted, blocked, invalid.
func (s *Service) Edit(ctx context.Context, actor, messageID store.ID, content string) (Message, error) {
	return s.amend(ctx, actor, messageID, true, func(tx store.Tx, m *store.Message, _ store.Member) error {
		rule := text.Message
		if m.Kind == store.KindFile || m.Kind == store.KindAudio {
			rule = text.Caption
		}
		content, err := rule("content", content)
		switch {
		case err != nil:
			return err
		case m.UserID != actor:
			return forbidden("only its author may edit a message")
		case m.DeletedAt != nil:
			return deletedAlready()
		case m.Kind == store.KindCall || m.Kind == store.KindSystem:
			return fault.New(fault.Conflict, "not_editable", "this is not a message that somebody wrote")
		case m.Origin != nil:
			return fault.New(fault.Conflict, "not_editable", "these are somebody else's words")
		case m.Content == content:
			return errNothing
		}
		at := s.now()
		m.Content, m.EditedAt = content, &at
		return mention(ctx, tx, *m)
	})
}

// Delete leaves a tombstone of a message, unpinned: the author's right, and in groups that of admins and owners.
// Deleting a tombstone changes nothing. Refusals: not_found, forbidden.
func (s *Service) Delete(ctx context.Context, actor, messageID store.ID) (Message, error) {
	return s.amend(ctx, actor, messageID, false, func(tx store.Tx, m *store.Message, me store.Member) error {
		if m.UserID != actor && rank(me.Role) < rank(store.RoleAdmin) {
			return forbidden("only its author, an admin or an owner may delete a message")
		}
		if m.DeletedAt != nil {
			return errNothing
		}
		at := s.now()
		m.Content, m.Meta, m.DeletedAt = "", nil, &at
		if _, err := tx.SetPin(ctx, m.ID, actor, false, at); err != nil {
			return err
		}
		return errors.Join(tx.SetMentions(ctx, m.ID, nil), tx.DeleteAttachmentsOf(ctx, m.ID))
	})
}

// React adds (on) or takes away the actor's emoji under a message; doing it twice changes nothing. Refusals: not_found,
// invalid, message_deleted, too_many_reactions, blocked.
func (s *Service) React(ctx context.Context, actor, messageID store.ID, emoji string, on bool) (Message, error) {
	emoji, err := text.Emoji("emoji", emoji)
	if err != nil {
		return Message{}, err
	}
	return s.amend(ctx, actor, messageID, on, func(tx store.Tx, m *store.Message, _ store.Member) error {
		if m.DeletedAt != nil {
			return deletedAlready()
		}
		if on && !roomFor(m.Reactions, actor, emoji) {
			return fault.New(fault.Conflict, "too_many_reactions", "no more emoji fit under this message")
		}
		changed, err := tx.SetReaction(ctx, m.ID, actor, emoji, on, s.now())
		if err == nil && !changed {
			return errNothing
		}
		return err
	})
}

func roomFor(reactions []store.Reaction, actor store.ID, emoji string) bool {
	own, known := 0, false
	for _, r := range reactions {
		mine := slices.Contains(r.UserIDs, actor)
		if r.Emoji == emoji {
			if mine {
				return true
			}
			known = true
		}
		if mine {
			own++
		}
	}
	return own < MaxOwnEmojis && (known || len(reactions) < MaxEmojis)
}

func deletedAlready() error {
	return fault.New(fault.Conflict, "message_deleted", "the message was deleted")
}

// amend changes a message. adds tells whether the other side gets to see something new, which nobody does of whom they
// block. edit gets the message as it is under the chat's lock, with the actor's membership, and either changes it,
// refuses, or answers errNothing.
func (s *Service) amend(ctx context.Context, actor, messageID store.ID, adds bool, edit func(store.Tx, *store.Message, store.Member) error) (view Message, err error) {
	chatID, err := s.chatOf(ctx, messageID)
	if err != nil {
		return Message{}, err
	}
	err = s.change(ctx, chatID, func(tx store.Tx) (change, error) {
		at := s.now()
		_, rev, err := tx.Advance(ctx, chatID, false, at)
		if err != nil {
			return change{}, err
		}
		members, err := tx.Members(ctx, chatID)
		if err != nil {
			return change{}, err
		}
		me, in := memberOf(members, actor)
		if !in {
			return change{}, notFound()
		}
		if adds {
			if err := open(ctx, tx, members); err != nil {
				return change{}, err
			}
		}
		m, err := tx.Message(ctx, messageID)
		if err != nil {
			return change{}, err
		}
		pinned := m.Pin != nil
		outcome := edit(tx, &m, me)
		if outcome == nil {
			m.Rev, m.UpdatedAt = rev, at
			if err := tx.UpdateMessage(ctx, m); err != nil {
				return change{}, err
			}
			if m, err = tx.Message(ctx, messageID); err != nil {
				return change{}, err
			}
		} else if !errors.Is(outcome, errNothing) {
			return change{}, outcome
		}
		status, err := (&audience{members: members}).statusOf(ctx, tx, m)
		if err != nil {
			return change{}, err
		}
		view = s.message(m, status)
		events := []bus.Event{{Name: EventMessageUpdated, To: everybody(members), Data: MessageEvent{view}}}
		if pinned != (m.Pin != nil) {
			counts, err := tx.PinCounts(ctx, chatID)
			if err != nil {
				return change{}, err
			}
			events = append(events, bus.Event{Name: EventChatUpdated, To: everybody(members),
				Data: ChatPinsEvent{chatID, ChatPins{chatID, counts[chatID]}}})
		}
		return change{rev, func() []bus.Event { return events }}, outcome
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return view, err
}

// chatOf finds the chat of a message, which never changes. It is no permission to tell anybody.
func (s *Service) chatOf(ctx context.Context, messageID store.ID) (chatID store.ID, err error) {
	if err := wellFormed(messageID); err != nil {
		return "", err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		m, err := tx.Message(ctx, messageID)
		chatID = m.ChatID
		return err
	})
	return chatID, err
}
