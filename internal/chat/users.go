package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

// The sizes of an answer to a search for people.
const (
	DefaultFound = 20
	MaxFound     = 50
)

// Profile shows the actor's own account.
func (s *Service) Profile(ctx context.Context, actor store.ID) (p Profile, err error) {
	err = s.view(ctx, func(tx store.Tx) error {
		u, err := tx.User(ctx, actor)
		p = s.ProfileOf(u)
		return err
	})
	return p, err
}

// ProfilePatch names what of an account is to change.
type ProfilePatch struct {
	DisplayName, Username, Email *string
	ShareReadReceipts            *bool
}

// UpdateProfile changes the actor's account, and tells those who share a chat when they would see it. Refusals:
// invalid, email_taken, username_taken.
func (s *Service) UpdateProfile(ctx context.Context, actor store.ID, patch ProfilePatch) (Profile, error) {
	if err := patch.clean(); err != nil {
		return Profile{}, err
	}
	var before, u store.User
	var contacts []store.ID
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		if before, err = lockLive(ctx, tx, actor); err != nil {
			return err
		}
		u = patch.apply(before)
		if u == before {
			return nil
		}
		u.UpdatedAt = s.now()
		if err := tx.UpdateUser(ctx, u); err != nil {
			return err
		}
		contacts, err = tx.Contacts(ctx, actor)
		return err
	})
	if err != nil {
		return Profile{}, refusal(taken(err))
	}
	if u.DisplayName != before.DisplayName || u.Username != before.Username {
		s.bus.Publish(bus.Event{Name: EventUserUpdated, To: append(contacts, actor), Data: UserUpdatedEvent{s.publicUser(u)}})
	}
	return s.ProfileOf(u), nil
}

// lockLive locks an account for a change of its own; not_found when it has been deleted meanwhile.
func lockLive(ctx context.Context, tx store.Tx, id store.ID) (store.User, error) {
	u, err := tx.LockUser(ctx, id)
	if err == nil && u.DeletedAt != nil {
		err = notFound()
	}
	return u, err
}

// SetAvatar shows one of the actor's own uploads as their avatar, or none when the id is empty. Refusal: not_found.
func (s *Service) SetAvatar(ctx context.Context, actor, attachmentID store.ID) (Profile, error) {
	var u store.User
	var contacts []store.ID
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		if u, err = lockLive(ctx, tx, actor); err != nil {
			return err
		}
		if err := ownUpload(ctx, tx, actor, attachmentID); err != nil {
			return err
		}
		u.AvatarID, u.UpdatedAt = attachmentID, s.now()
		if err := tx.UpdateUser(ctx, u); err != nil {
			return err
		}
		contacts, err = tx.Contacts(ctx, actor)
		return err
	})
	if err != nil {
		return Profile{}, refusal(err)
	}
	s.bus.Publish(bus.Event{Name: EventUserUpdated, To: append(contacts, actor), Data: UserUpdatedEvent{s.publicUser(u)}})
	return s.ProfileOf(u), nil
}

// ownUpload refuses what is no upload of the actor's own that no message carries. None at all is fine.
func ownUpload(ctx context.Context, tx store.Tx, actor, attachmentID store.ID) error {
	if attachmentID == "" {
		return nil
	}
	a, err := tx.Attachment(ctx, attachmentID)
	if err == nil && (a.OwnerID != actor || a.MessageID != "") {
		err = notFound()
	}
	return err
}

func (p *ProfilePatch) clean() error {
	for _, f := range []struct {
		value *string
		name  string
		rule  func(field, s string) (string, error)
	}{{p.DisplayName, "displayName", text.DisplayName}, {p.Username, "username", text.Username}, {p.Email, "email", text.Email}} {
		if f.value == nil {
			continue
		}
		clean, err := f.rule(f.name, *f.value)
		if err != nil {
			return err
		}
		*f.value = clean
	}
	return nil
}

func (p ProfilePatch) apply(u store.User) store.User {
	if p.DisplayName != nil {
		u.DisplayName = *p.DisplayName
	}
	if p.Username != nil {
		u.Username = *p.Username
	}
	if p.Email != nil {
		u.Email = *p.Email
	}
	if p.ShareReadReceipts != nil {
		u.ShareReadReceipts = *p.ShareReadReceipts
	}
	return u
}

// SearchUsers finds people by username, display name or whole e-mail address. The actor is not among them. Limit 0 is
// DefaultFound.
func (s *Service) SearchUsers(ctx context.Context, actor store.ID, q string, limit int) ([]PublicUser, error) {
	q, err := text.Query("q", q)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = DefaultFound
	}
	if limit < 1 || limit > MaxFound {
		return nil, fault.InvalidField("limit", fmt.Sprintf("must be 1 to %d", MaxFound))
	}
	found := []PublicUser{}
	err = s.view(ctx, func(tx store.Tx) error {
		users, err := tx.SearchUsers(ctx, q, actor, limit)
		for _, u := range users {
			found = append(found, s.publicUser(u))
		}
		return err
	})
	return found, err
}

// User shows an account: with presence to those who share a chat, without to everybody else. A deleted one is only
// known to the former.
func (s *Service) User(ctx context.Context, actor, userID store.ID) (Contact, error) {
	if err := wellFormed(userID); err != nil {
		return Contact{}, err
	}
	var u store.User
	known := actor == userID
	err := s.view(ctx, func(tx store.Tx) (err error) {
		if u, err = tx.User(ctx, userID); err != nil || known {
			return err
		}
		contacts, err := tx.Contacts(ctx, actor)
		known = slices.Contains(contacts, userID)
		return err
	})
	if err != nil {
		return Contact{}, err
	}
	if u.DeletedAt != nil && !known {
		return Contact{}, notFound()
	}
	c := Contact{PublicUser: s.publicUser(u)}
	if known && u.DeletedAt == nil {
		c.Seen = &Seen{Online: s.online(userID), LastSeenAt: stampOf(u.LastSeenAt)}
	}
	return c, nil
}

// taken turns the store's conflicts into refusals and leaves other errors alone.
func taken(err error) error {
	switch {
	case errors.Is(err, store.ErrEmailTaken):
		return fault.Taken("email", "there is an account with this e-mail address")
	case errors.Is(err, store.ErrUsernameTaken):
		return fault.Taken("username", "there is an account with this username")
	}
	return err
}
