package api

import (
	"context"
	"net/http"

	"confab/internal/chat"
	"confab/internal/limit"
)

type profileInput struct {
	Body struct {
		DisplayName       *string `json:"displayName,omitempty" minLength:"1" maxLength:"64"`
		Username          *string `json:"username,omitempty" minLength:"2" maxLength:"32"`
		Email             *string `json:"email,omitempty" minLength:"3" maxLength:"254"`
		ShareReadReceipts *bool   `json:"shareReadReceipts,omitempty"`
	}
}

type searchUsersInput struct {
	Q     string `query:"q" required:"true" maxLength:"100" doc:"Part of a username or display name, or a whole e-mail address."`
	Limit int    `query:"limit" minimum:"1" maximum:"50" doc:"20 when left out."`
}

type userInput struct {
	ID string `path:"id"`
}

func (a *API) userRoutes() {
	handle(a, route{http.MethodGet, "/users/me", "getProfile", "Show one's own account", "users", 0, false, ""}, a.profile)
	handle(a, route{http.MethodPatch, "/users/me", "updateProfile", "Change one's own account", "users", 0, false, limit.Change}, a.updateProfile)
	handle(a, route{http.MethodDelete, "/users/me", "deleteAccount", "Delete one's own account", "users", http.StatusNoContent, false, limit.Password}, a.deleteAccount)
	handle(a, route{http.MethodGet, "/users/search", "searchUsers", "Find people", "users", 0, false, limit.Search}, a.searchUsers)
	handle(a, route{http.MethodGet, "/users/blocked", "listBlocks", "List whom one blocks", "users", 0, false, ""}, a.blocks)
	handle(a, route{http.MethodPut, "/users/{id}/block", "block", "Block somebody", "users", http.StatusNoContent, false, limit.Change}, a.block(true))
	handle(a, route{http.MethodDelete, "/users/{id}/block", "unblock", "Lift a block", "users", http.StatusNoContent, false, limit.Change}, a.block(false))
	handle(a, route{http.MethodGet, "/users/{id}", "getUser", "Show somebody", "users", 0, false, ""}, a.user)
}

func (a *API) profile(ctx context.Context, _ *none) (*body[chat.Profile], error) {
	return answer(a.cfg.Chats.Profile(ctx, from(ctx).UserID))
}

func (a *API) updateProfile(ctx context.Context, in *profileInput) (*body[chat.Profile], error) {
	return answer(a.cfg.Chats.UpdateProfile(ctx, from(ctx).UserID, chat.ProfilePatch(in.Body)))
}

func (a *API) deleteAccount(ctx context.Context, in *passwordAgainInput) (*none, error) {
	return nil, a.cfg.Auth.DeleteAccount(ctx, from(ctx).UserID, in.Body.Password)
}

func (a *API) searchUsers(ctx context.Context, in *searchUsersInput) (*body[items[chat.PublicUser]], error) {
	found, err := a.cfg.Chats.SearchUsers(ctx, from(ctx).UserID, in.Q, in.Limit)
	return answer(items[chat.PublicUser]{found}, err)
}

func (a *API) user(ctx context.Context, in *userInput) (*body[chat.Contact], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.User(ctx, from(ctx).UserID, id))
}

func (a *API) blocks(ctx context.Context, _ *none) (*body[items[chat.Blocked]], error) {
	list, err := a.cfg.Chats.Blocks(ctx, from(ctx).UserID)
	return answer(items[chat.Blocked]{list}, err)
}

func (a *API) block(on bool) func(context.Context, *userInput) (*none, error) {
	return func(ctx context.Context, in *userInput) (*none, error) {
		id, err := pathID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, a.cfg.Chats.Block(ctx, from(ctx).UserID, id, on)
	}
}
