package chat

import (
	"context"
	"errors"

	"confab/store"
)

// Holdings is everything that an account may read, as one transaction sees it: what an export is made of. It lives as
// long as the transaction, and like it belongs to one goroutine at a time.
type Holdings struct {
	service *Service
	tx      store.Tx
	actor   store.ID
}

// HoldingsOf gives access to what an account may read, inside a View.
func (s *Service) HoldingsOf(tx store.Tx, actor store.ID) *Holdings { return &Holdings{s, tx, actor} }

// Profile is the account itself.
func (h *Holdings) Profile(ctx context.Context) (Profile, error) {
	u, err := h.tx.User(ctx, h.actor)
	return h.service.ProfileOf(u), err
}

// Contacts lists those who share a chat.
func (h *Holdings) Contacts(ctx context.Context) ([]PublicUser, error) {
	ids, err := h.tx.Contacts(ctx, h.actor)
	if err != nil {
		return nil, err
	}
	users, err := h.tx.UsersByID(ctx, ids)
	list := make([]PublicUser, len(users))
	for i, u := range users {
		list[i] = h.service.publicUser(u)
	}
	return list, err
}

// Blocks lists whom the account blocks.
func (h *Holdings) Blocks(ctx context.Context) ([]Blocked, error) {
	return h.service.blocks(ctx, h.tx, h.actor)
}

// holdingsChats is how many chats are read at a time.
const holdingsChats = 50

// Chats goes through the account's chats, latest activity first.
func (h *Holdings) Chats(ctx context.Context, fn func(Chat) error) error {
	p := store.Page{Limit: holdingsChats}
	for {
		chats, err := h.tx.ChatsOf(ctx, h.actor, p)
		if err != nil {
			return err
		}
		portraits, err := h.service.portraits(ctx, h.tx, h.actor, chats...)
		if err != nil {
			return err
		}
		for _, shown := range portraits {
			if err := fn(h.service.chat(shown, h.actor)); err != nil {
				return err
			}
		}
		if len(chats) < holdingsChats {
			return nil
		}
		last := chats[len(chats)-1]
		p.Before, p.BeforeID = last.ActivityAt, last.ID
	}
}

// Messages goes through the messages of one of the account's chats in the order of seq, as History shows them. They are
// read a page at a time, so that a long chat takes no more memory than a short one.
func (h *Holdings) Messages(ctx context.Context, chatID store.ID, fn func(Message) error) error {
	_, members, err := h.service.enter(ctx, h.tx, h.actor, chatID)
	if err != nil {
		return err
	}
	heard := &audience{members: members}
	for after := int64(0); ; {
		list, err := h.tx.Messages(ctx, store.MessageQuery{ChatID: chatID, After: &after, Limit: MaxMessages})
		if err != nil {
			return err
		}
		shown, err := h.service.withStatus(ctx, h.tx, heard, list)
		for _, m := range shown {
			err = errors.Join(err, fn(m))
			after = m.Seq
		}
		if err != nil || len(list) < MaxMessages {
			return err
		}
	}
}
