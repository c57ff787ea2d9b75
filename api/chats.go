package api

import (
	"context"
	"net/http"

	"confab/internal/chat"
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
	if in.Body.Name == nil && in.Body.Description == nil {
		return answer(a.cfg.Chats.Chat(ctx, from(ctx).UserID, id))
	}
	return answer(a.cfg.Chats.UpdateChat(ctx, from(ctx).UserID, id, chat.ChatPatch{Name: in.Body.Name, Description: in.Body.Description}))
}

func (a *API) deleteChat(ctx context.Context, in *chatInput) (*none, error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Chats.DeleteChat(ctx, from(ctx).UserID, id)
}
