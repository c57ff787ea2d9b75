package api

import (
	"context"
	"net/http"

	"confab/internal/chat"
	"confab/internal/limit"
)

type inviteInput struct {
	ID   string `path:"id"`
	Body struct {
		ExpiresIn *int64 `json:"expiresIn,omitempty" nullable:"true" minimum:"60" maximum:"31536000" doc:"Seconds; absent or null: it does not end by itself."`
		MaxUses   *int64 `json:"maxUses,omitempty" nullable:"true" minimum:"1" maximum:"10000" doc:"How many people it lets in; absent or null: any number."`
	}
}

type invitationInput struct {
	ID           string `path:"id"`
	InvitationID string `path:"invitationId"`
}

// tokenInput has the token in the body, so that it stands in no log and no history.
type tokenInput struct {
	Body struct {
		Token string `json:"token" maxLength:"200" doc:"The last part of the link."`
	}
}

func (a *API) invitationRoutes() {
	handle(a, route{http.MethodPost, "/chats/{id}/invitations", "invite", "Make a link by which people come into a group", "chats", http.StatusCreated, false, limit.Change}, a.invite)
	handle(a, route{http.MethodGet, "/chats/{id}/invitations", "listInvitations", "List a group's links, latest first", "chats", 0, false, ""}, a.invitations)
	handle(a, route{http.MethodDelete, "/chats/{id}/invitations/{invitationId}", "revokeInvitation", "Revoke a link", "chats", http.StatusNoContent, false, limit.Change}, a.revokeInvitation)
	handle(a, route{http.MethodPost, "/invitations/preview", "previewInvitation", "Look at what a link leads to", "chats", 0, false, limit.Join}, a.previewInvitation)
	handle(a, route{http.MethodPost, "/invitations/accept", "acceptInvitation", "Come into the group that a link leads to", "chats", http.StatusCreated, false, limit.Join}, a.acceptInvitation)
}

func (a *API) invite(ctx context.Context, in *inviteInput) (*body[chat.Invitation], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.Invite(ctx, from(ctx).UserID, id, chat.InviteInput{ExpiresIn: in.Body.ExpiresIn, MaxUses: in.Body.MaxUses}))
}

func (a *API) invitations(ctx context.Context, in *chatInput) (*body[items[chat.Invitation]], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.cfg.Chats.Invitations(ctx, from(ctx).UserID, id)
	return answer(items[chat.Invitation]{list}, err)
}

func (a *API) revokeInvitation(ctx context.Context, in *invitationInput) (*none, error) {
	chatID, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	id, err := pathID(in.InvitationID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Chats.RevokeInvitation(ctx, from(ctx).UserID, chatID, id)
}

func (a *API) previewInvitation(ctx context.Context, in *tokenInput) (*body[chat.Preview], error) {
	return answer(a.cfg.Chats.Preview(ctx, from(ctx).UserID, in.Body.Token))
}

func (a *API) acceptInvitation(ctx context.Context, in *tokenInput) (*stated[chat.Chat], error) {
	return answerCreated(a.cfg.Chats.Accept(ctx, from(ctx).UserID, in.Body.Token))
}
