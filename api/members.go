package api

import (
	"context"
	"encoding/json"
	"net/http"

	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/internal/stamp"
	"confab/store"
)

type addMemberInput struct {
	ID   string `path:"id"`
	Body struct {
		UserID string `json:"userId"`
		Role   string `json:"role,omitempty" enum:"owner,admin,member" doc:"member when left out."`
	}
}

type memberInput struct {
	ID     string `path:"id"`
	UserID string `path:"userId"`
}

type updateMemberInput struct {
	ID     string `path:"id"`
	UserID string `path:"userId"`
	Body   struct {
		Role       string          `json:"role,omitempty" enum:"owner,admin,member"`
		MutedUntil json.RawMessage `json:"mutedUntil,omitempty" doc:"One's own setting: an RFC 3339 time, or null to hear the chat again."`
		Archived   *bool           `json:"archived,omitempty" doc:"One's own setting: put the chat away from the list."`
	}
}

func (a *API) memberRoutes() {
	handle(a, route{http.MethodPost, "/chats/{id}/members", "addMember", "Add somebody to a group", "chats", http.StatusCreated, false, limit.Change}, a.addMember)
	handle(a, route{http.MethodPatch, "/chats/{id}/members/{userId}", "updateMember", "Change somebody's role, or mute or archive the chat for oneself", "chats", 0, false, limit.Change}, a.updateMember)
	handle(a, route{http.MethodDelete, "/chats/{id}/members/{userId}", "removeMember", "Remove somebody, or leave", "chats", http.StatusNoContent, false, limit.Change}, a.removeMember)
}

func (a *API) addMember(ctx context.Context, in *addMemberInput) (*body[chat.Member], error) {
	chatID, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	userID, err := fieldID("userId", in.Body.UserID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.AddMember(ctx, from(ctx).UserID, chatID, userID, store.Role(in.Body.Role)))
}

func (in memberInput) ids() (chatID, userID store.ID, err error) {
	if chatID, err = pathID(in.ID); err == nil {
		userID, err = pathID(in.UserID)
	}
	return chatID, userID, err
}

func (a *API) updateMember(ctx context.Context, in *updateMemberInput) (*body[chat.Member], error) {
	chatID, userID, err := memberInput{in.ID, in.UserID}.ids()
	if err != nil {
		return nil, err
	}
	actor := from(ctx).UserID
	b := in.Body
	given := 0
	for _, there := range []bool{b.Role != "", b.MutedUntil != nil, b.Archived != nil} {
		if there {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, fault.InvalidField("role", "give one of role, mutedUntil and archived")
	case b.Role != "":
		return answer(a.cfg.Chats.SetRole(ctx, actor, chatID, userID, store.Role(b.Role)))
	case userID != actor:
		return nil, fault.New(fault.Forbidden, "forbidden", "this is a setting that everybody has for themselves")
	case b.Archived != nil:
		return answer(a.cfg.Chats.Archive(ctx, actor, chatID, *b.Archived))
	}
	var until *stamp.Time
	if err := json.Unmarshal(b.MutedUntil, &until); err != nil {
		return nil, fault.InvalidField("mutedUntil", "must be an RFC 3339 time or null")
	}
	if until == nil {
		return answer(a.cfg.Chats.Mute(ctx, actor, chatID, nil))
	}
	return answer(a.cfg.Chats.Mute(ctx, actor, chatID, &until.Time))
}

func (a *API) removeMember(ctx context.Context, in *memberInput) (*none, error) {
	chatID, userID, err := in.ids()
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Chats.RemoveMember(ctx, from(ctx).UserID, chatID, userID)
}
