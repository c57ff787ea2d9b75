package sqlstore

import (
	"context"
	"time"

	"confab/store"
)

const invitationColumns = `id, chat_id, token_hash, created_by, created_at, expires_at, revoked_at, max_uses, uses`

func scanInvitation(r Row) (i store.Invitation, err error) {
	err = r.Scan(toID{&i.ID}, toID{&i.ChatID}, &i.TokenHash, toID{&i.CreatedBy}, toTime{&i.CreatedAt},
		toTimePointer{&i.ExpiresAt}, toTimePointer{&i.RevokedAt}, &i.MaxUses, &i.Uses)
	return i, err
}

// CreateInvitation implements store.Invitations.
func (t *Tx) CreateInvitation(ctx context.Context, i store.Invitation) error {
	_, err := t.exec(ctx, "create invitation", `INSERT INTO invitations (`+invitationColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id(i.ID), id(i.ChatID), i.TokenHash, id(i.CreatedBy), t.at(i.CreatedAt), t.atOrNone(i.ExpiresAt),
		t.atOrNone(i.RevokedAt), i.MaxUses, i.Uses)
	return err
}

// InvitationByToken implements store.Invitations.
func (t *Tx) InvitationByToken(ctx context.Context, tokenHash []byte) (store.Invitation, error) {
	return one(ctx, t, "find invitation", scanInvitation,
		`SELECT `+invitationColumns+` FROM invitations WHERE token_hash = $1 {lock}`, tokenHash)
}

// Invitation implements store.Invitations.
func (t *Tx) Invitation(ctx context.Context, invitationID store.ID) (store.Invitation, error) {
	return one(ctx, t, "find invitation", scanInvitation,
		`SELECT `+invitationColumns+` FROM invitations WHERE id = $1 {lock}`, id(invitationID))
}

// InvitationsOf implements store.Invitations.
func (t *Tx) InvitationsOf(ctx context.Context, chatID store.ID) ([]store.Invitation, error) {
	return many(ctx, t, "list invitations", scanInvitation, `SELECT `+invitationColumns+` FROM invitations
		WHERE chat_id = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id DESC`, id(chatID))
}

// UpdateInvitation implements store.Invitations.
func (t *Tx) UpdateInvitation(ctx context.Context, i store.Invitation) error {
	return t.execOne(ctx, "update invitation", `UPDATE invitations
		SET expires_at = $2, revoked_at = $3, max_uses = $4, uses = $5 WHERE id = $1`,
		id(i.ID), t.atOrNone(i.ExpiresAt), t.atOrNone(i.RevokedAt), i.MaxUses, i.Uses)
}

// SetRemoved implements store.Invitations.
func (t *Tx) SetRemoved(ctx context.Context, chatID, userID store.ID, on bool, at time.Time) error {
	if !on {
		_, err := t.exec(ctx, "forget removal", `DELETE FROM removals WHERE chat_id = $1 AND user_id = $2`, id(chatID), id(userID))
		return err
	}
	_, err := t.exec(ctx, "remember removal", `INSERT INTO removals (chat_id, user_id, at) VALUES ($1, $2, $3)
		ON CONFLICT (chat_id, user_id) DO NOTHING`, id(chatID), id(userID), t.at(at))
	return err
}

// Removed implements store.Invitations.
func (t *Tx) Removed(ctx context.Context, chatID, userID store.ID) (bool, error) {
	n, err := one(ctx, t, "find removal", scanInt, `SELECT CAST(COUNT(*) AS bigint) FROM removals
		WHERE chat_id = $1 AND user_id = $2`, id(chatID), id(userID))
	return n > 0, err
}
