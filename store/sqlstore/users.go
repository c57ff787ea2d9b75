package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"confab/store"
)

const userColumns = `id, email, username, display_name, password_hash, avatar_id, share_read_receipts,
	created_at, updated_at, last_seen_at, totp_at, deleted_at`

func scanUser(r Row) (u store.User, err error) {
	err = r.Scan(toID{&u.ID}, &u.Email, &u.Username, &u.DisplayName, &u.PasswordHash, toID{&u.AvatarID},
		&u.ShareReadReceipts, toTime{&u.CreatedAt}, toTime{&u.UpdatedAt}, toTime{&u.LastSeenAt},
		toTimePointer{&u.TOTPAt}, toTimePointer{&u.DeletedAt})
	return u, err
}

// CreateUser implements store.Users.
func (t *Tx) CreateUser(ctx context.Context, u store.User) error {
	const what = "create user"
	n, err := t.exec(ctx, what, `INSERT INTO users (id, email, email_folded, username, username_folded, display_name,
			name_folded, password_hash, avatar_id, share_read_receipts, created_at, updated_at, last_seen_at, totp_at,
			deleted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		id(u.ID), u.Email, store.Fold(u.Email), u.Username, store.Fold(u.Username), u.DisplayName, foldForSearch(u.DisplayName),
		u.PasswordHash, id(u.AvatarID), u.ShareReadReceipts, t.at(u.CreatedAt), t.at(u.UpdatedAt), t.at(u.LastSeenAt),
		t.atOrNone(u.TOTPAt), t.atOrNone(u.DeletedAt))
	if err != nil || n == 1 {
		return err
	}
	// The insert met an existing account and waited for it to be committed, so that it can be seen now.
	if _, err = t.UserByEmail(ctx, u.Email); err == nil {
		return failed(what, store.ErrEmailTaken)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return failed(what, err)
	}
	if _, err = t.UserByUsername(ctx, u.Username); err == nil {
		return failed(what, store.ErrUsernameTaken)
	}
	return failed(what, err)
}

// User implements store.Users.
func (t *Tx) User(ctx context.Context, userID store.ID) (store.User, error) {
	return one(ctx, t, "find user", scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id(userID))
}

// LockUser implements store.Users.
func (t *Tx) LockUser(ctx context.Context, userID store.ID) (store.User, error) {
	return one(ctx, t, "lock user", scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1 {lock}`, id(userID))
}

// UsersByID implements store.Users.
func (t *Tx) UsersByID(ctx context.Context, userIDs []store.ID) ([]store.User, error) {
	return many(ctx, t, "find users", scanUser, `SELECT `+userColumns+` FROM users WHERE id IN {$1}`, t.ids(userIDs))
}

// UserByEmail implements store.Users.
func (t *Tx) UserByEmail(ctx context.Context, email string) (store.User, error) {
	return one(ctx, t, "find user by e-mail", scanUser,
		`SELECT `+userColumns+` FROM users WHERE email_folded = $1 AND deleted_at IS NULL`, store.Fold(email))
}

// UserByUsername implements store.Users.
func (t *Tx) UserByUsername(ctx context.Context, username string) (store.User, error) {
	return one(ctx, t, "find user by name", scanUser,
		`SELECT `+userColumns+` FROM users WHERE username_folded = $1 AND deleted_at IS NULL`, store.Fold(username))
}

// UpdateUser implements store.Users.
func (t *Tx) UpdateUser(ctx context.Context, u store.User) error {
	const what = "update user"
	err := t.execOne(ctx, what, `UPDATE users SET email = $2, email_folded = $3, username = $4, username_folded = $5,
			display_name = $6, name_folded = $7, password_hash = $8, avatar_id = $9, share_read_receipts = $10,
			updated_at = $11, last_seen_at = $12, totp_at = $13, deleted_at = $14
		WHERE id = $1`,
		id(u.ID), u.Email, store.Fold(u.Email), u.Username, store.Fold(u.Username), u.DisplayName, foldForSearch(u.DisplayName),
		u.PasswordHash, id(u.AvatarID), u.ShareReadReceipts, t.at(u.UpdatedAt), t.at(u.LastSeenAt),
		t.atOrNone(u.TOTPAt), t.atOrNone(u.DeletedAt))
	var taken *UniqueViolation
	if !errors.As(err, &taken) {
		return err
	}
	if strings.Contains(taken.Constraint, "email") {
		return failed(what, store.ErrEmailTaken)
	}
	return failed(what, store.ErrUsernameTaken)
}

// TouchUser implements store.Users.
func (t *Tx) TouchUser(ctx context.Context, userID store.ID, seen time.Time) error {
	_, err := t.exec(ctx, "touch user", `UPDATE users SET last_seen_at = $2
		WHERE id = $1 AND (last_seen_at IS NULL OR last_seen_at < $2)`, id(userID), t.at(seen))
	return err
}

// nobody is an id that no row has: version 7 ids are never all zero.
const nobody store.ID = "00000000-0000-0000-0000-000000000000"

// SearchUsers implements store.Users.
func (t *Tx) SearchUsers(ctx context.Context, q string, except store.ID, limit int) ([]store.User, error) {
	const what = "search users"
	// Folding would put a replacement character for a broken one, and then find what was not asked for.
	if err := check([]any{q}); err != nil {
		return nil, failed(what, err)
	}
	name, typed := escapeLike(store.Fold(q)), escapeLike(foldForSearch(q))
	if name == "" {
		return nil, nil
	}
	if except == "" {
		except = nobody
	}
	return many(ctx, t, what, scanUser, `SELECT `+userColumns+` FROM users
		WHERE deleted_at IS NULL AND id <> $1
			AND (email_folded = $2 OR username_folded LIKE $3 ESCAPE '\' OR name_folded LIKE $4 ESCAPE '\')
		ORDER BY CASE WHEN email_folded = $2 OR username_folded LIKE $5 ESCAPE '\' OR name_folded LIKE $6 ESCAPE '\'
			THEN 0 ELSE 1 END, username_folded, id
		LIMIT $7`,
		id(except), store.Fold(q), "%"+name+"%", "%"+typed+"%", name+"%", typed+"%", limit)
}

// Contacts implements store.Users.
func (t *Tx) Contacts(ctx context.Context, userID store.ID) ([]store.ID, error) {
	return many(ctx, t, "list contacts", scanID, `SELECT DISTINCT other.user_id FROM members me
		JOIN members other ON other.chat_id = me.chat_id AND other.user_id <> me.user_id
		WHERE me.user_id = $1`, id(userID))
}
