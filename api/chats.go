package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/store"
)

// Paging is the query of a list that comes in pages.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" doc:"50 when left out."`
	Cursor string `query:"cursor" maxLength:"200" doc:"A nextCursor of an earlier page."`
}

type createChatInput struct {
	Body struct {
		Type      string   `json:"type" enum:"direct,group"`
		Name      string   `json:"name,omitempty" maxLength:"400" doc:"Of a group: 1 to 100 characters."`
		MemberIDs []string `json:"memberIds" maxItems:"500" doc:"The others: exactly one for a direct chat."`
	}
}

type chatInput struct {
	ID string `path:"id"`
}

type updateChatInput struct {
	ID   string `path:"id"`
	Body struct {
		Name        *string `json:"name,omitempty" maxLength:"400" doc:"1 to 100 characters."`
		Description *string `json:"description,omitempty" maxLength:"2000" doc:"Up to 500 characters."`

		AvatarURL          json.RawMessage `json:"avatarUrl,omitempty" doc:"null removes the picture. Other than that only the address that the chat has is taken, and changes nothing."`
		AvatarAttachmentID string          `json:"avatarAttachmentId,omitempty" doc:"A picture that one may read (PNG, JPEG, WebP), to be copied. To upload one use PUT /chats/{id}/avatar."`
	}
}

func (a *API) chatRoutes() {
	handle(a, route{http.MethodGet, "/chats", "listChats", "List one's chats, latest activity first", "chats", 0, false, ""}, a.chats)
	handle(a, route{http.MethodPost, "/chats", "createChat", "Make a chat, or find the direct chat there is", "chats", http.StatusCreated, false, limit.Change}, a.createChat)
	handle(a, route{http.MethodGet, "/chats/{id}", "getChat", "Show a chat with its members", "chats", 0, false, ""}, a.chat)
	handle(a, route{http.MethodPatch, "/chats/{id}", "updateChat", "Change a group", "chats", 0, false, limit.Change}, a.updateChat)
	handle(a, route{http.MethodDelete, "/chats/{id}", "deleteChat", "Delete a group with everything in it", "chats", http.StatusNoContent, false, limit.Change}, a.deleteChat)
}

func (a *API) chats(ctx context.Context, in *Paging) (*body[chat.ChatPage], error) {
	return answer(a.cfg.Chats.Chats(ctx, from(ctx).UserID, in.Limit, in.Cursor))
}

func (a *API) createChat(ctx context.Context, in *createChatInput) (*stated[chat.Chat], error) {
	members := make([]store.ID, len(in.Body.MemberIDs))
	for i, id := range in.Body.MemberIDs {
		var err error
		if members[i], err = fieldID("memberIds", id); err != nil {
			return nil, err
		}
	}
	return answerCreated(a.cfg.Chats.CreateChat(ctx, from(ctx).UserID,
		chat.CreateInput{Type: store.ChatType(in.Body.Type), Name: in.Body.Name, MemberIDs: members}))
}

func (a *API) chat(ctx context.Context, in *chatInput) (*body[chat.Chat], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.Chat(ctx, from(ctx).UserID, id))
}

func (a *API) updateChat(ctx context.Context, in *updateChatInput) (*body[chat.Chat], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	actor := from(ctx).UserID
	patch := chat.ChatPatch{Name: in.Body.Name, Description: in.Body.Description}
	if patch.AvatarID, err = a.patchedAvatar(ctx, actor, id, in); err != nil {
		return nil, err
	}
	if patch == (chat.ChatPatch{}) {
		return answer(a.cfg.Chats.Chat(ctx, actor, id))
	}
	return answer(a.cfg.Chats.UpdateChat(ctx, actor, id, patch))
}

// patchedAvatar reads what a PATCH does to the picture; nil: nothing.
func (a *API) patchedAvatar(ctx context.Context, actor, chatID store.ID, in *updateChatInput) (*store.ID, error) {
	b := in.Body
	if b.AvatarAttachmentID != "" {
		picture, err := fieldID("avatarAttachmentId", b.AvatarAttachmentID)
		if err != nil {
			return nil, err
		}
		if err := a.cfg.Chats.MayChange(ctx, actor, chatID); err != nil {
			return nil, err
		}
		if err := a.charge(limit.Upload, from(ctx)); err != nil { // it is decoded and kept as one
			return nil, err
		}
		kept, err := a.cfg.Files.AvatarOf(ctx, actor, picture)
		if err != nil && fault.From(err).Kind == fault.NotFound {
			err = fault.InvalidField("avatarAttachmentId", "is no picture that you can read")
		}
		return &kept.ID, err
	}
	if b.AvatarURL == nil {
		return nil, nil
	}
	var address *string
	if err := json.Unmarshal(b.AvatarURL, &address); err != nil {
		return nil, fault.InvalidField("avatarUrl", "must be null, or left out")
	}
	if address == nil {
		return new(store.ID), nil
	}
	present, err := a.cfg.Chats.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if path, _, _ := strings.Cut(*address, "?"); present.AvatarURL == nil || !strings.HasPrefix(*present.AvatarURL, path+"?") {
		return nil, fault.InvalidField("avatarUrl", "must be null, or left out: a picture is uploaded with PUT /chats/{id}/avatar")
	}
	return nil, nil // signatures change by the hour, the picture does not
}

func (a *API) deleteChat(ctx context.Context, in *chatInput) (*none, error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Chats.DeleteChat(ctx, from(ctx).UserID, id)
}
