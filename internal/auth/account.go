package auth

import (
	"context"
	"errors"

	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

// ChangePassword replaces the password and revokes every other session. Refusals: wrong_password, invalid.
func (s *Service) ChangePassword(ctx context.Context, id Identity, current, next string) error {
	if err := text.Password("newPassword", next); err != nil {
		return err
	}
	known, err := s.confirm(ctx, id.UserID, "currentPassword", current)
	if err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, next)
	if err != nil {
		return err
	}
	var ended []store.ID
	err = s.store.Update(ctx, func(tx store.Tx) error {
		u, err := stillThe(ctx, tx, known)
		if err != nil {
			return err
		}
		u.PasswordHash, u.UpdatedAt = hash, s.now()
		if err := tx.UpdateUser(ctx, u); err != nil {
			return err
		}
		ended, err = s.revokeAll(ctx, tx, u.ID, id.SessionID)
		return err
	})
	if err == nil {
		s.ended(id.UserID, "password-changed", ended...)
	}
	return err
}

// DeleteAccount anonymises the account, takes it out of its groups and revokes all its sessions. The row stays, so
// that what was said keeps an author; the address and the name are free again. Refusal: wrong_password.
func (s *Service) DeleteAccount(ctx context.Context, userID store.ID, password string) error {
	known, err := s.confirm(ctx, userID, "password", password)
	if err != nil {
		return err
	}
	var ended []store.ID
	var done func(committed bool)
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if done != nil { // an earlier run, which was rolled back
			done(false)
			done = nil
		}
		u, err := stillThe(ctx, tx, known)
		if err != nil {
			return err
		}
		if err := tx.UpdateUser(ctx, s.anonymous(u)); err != nil {
			return err
		}
		if err := tx.DeleteTOTP(ctx, userID); err != nil {
			return err
		}
		if ended, err = s.revokeAll(ctx, tx, userID, ""); err != nil || s.chats == nil {
			return err
		}
		done, err = s.chats.Depart(ctx, tx, userID)
		return err
	})
	if done != nil {
		done(err == nil)
	}
	if err == nil {
		s.ended(userID, "deleted", ended...)
	}
	return err
}

// anonymous is what remains of an account. The two unique columns get values that nobody can register.
func (s *Service) anonymous(u store.User) store.User {
	now := s.now()
	return store.User{
		ID: u.ID, Email: "deleted " + string(u.ID), Username: "deleted " + string(u.ID),
		CreatedAt: u.CreatedAt, UpdatedAt: now, DeletedAt: &now,
	}
}

// ConfirmPassword checks the password of somebody who is signed in, before what a borrowed device must not do. Refusal:
// wrong_password.
func (s *Service) ConfirmPassword(ctx context.Context, userID store.ID, password string) error {
	_, err := s.confirm(ctx, userID, "password", password)
	return err
}

// confirm checks the password of somebody who is signed in, outside of any transaction since that takes long.
func (s *Service) confirm(ctx context.Context, userID store.ID, field, password string) (store.User, error) {
	var u store.User
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		u, err = tx.User(ctx, userID)
		return err
	})
	if err != nil {
		return store.User{}, err
	}
	right, err := s.passwords.matches(ctx, u.PasswordHash, password)
	if err != nil {
		return store.User{}, err
	}
	if !right {
		return store.User{}, &fault.Error{Kind: fault.Forbidden, Code: "wrong_password", Message: "the password is wrong",
			Fields: []fault.Field{{Field: field, Message: "is wrong", Code: fault.FieldWrong}}}
	}
	return u, nil
}

// stillThe locks the account inside the transaction and refuses if its password moved since it was confirmed.
func stillThe(ctx context.Context, tx store.Tx, known store.User) (store.User, error) {
	u, err := tx.LockUser(ctx, known.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.User{}, err
	}
	if err != nil || u.DeletedAt != nil || u.PasswordHash != known.PasswordHash {
		return store.User{}, fault.New(fault.Conflict, "changed_meanwhile", "the account was changed meanwhile")
	}
	return u, nil
}

// revokeAll ends every session of a user but one, and tells which.
func (s *Service) revokeAll(ctx context.Context, tx store.Tx, userID, except store.ID) ([]store.ID, error) {
	now := s.now()
	sessions, err := tx.SessionsOf(ctx, userID, now)
	if err != nil {
		return nil, err
	}
	var ended []store.ID
	for _, session := range sessions {
		if session.ID == except {
			continue
		}
		session.RevokedAt = &now
		if err := tx.UpdateSession(ctx, session); err != nil {
			return nil, err
		}
		ended = append(ended, session.ID)
	}
	return ended, nil
}
