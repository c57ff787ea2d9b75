package api

import (
	"context"
	"net/http"
	"net/url"

	"confab/internal/chat"
	"confab/internal/limit"
	"confab/store"
)

type historyInput struct {
	ChatID   string          `query:"chatId" required:"true"`
	Before   optional[int64] `query:"before" minimum:"0" doc:"Only messages of a lower seq."`
	After    optional[int64] `query:"after" minimum:"0" doc:"Only messages of a higher seq."`
	SinceRev optional[int64] `query:"sinceRev" minimum:"0" doc:"What was added or changed after this revision, in order of revision."`
	Limit    int             `query:"limit" minimum:"1" maximum:"200" doc:"50 when left out."`
}

type sendInput struct {
	Body struct {
		ChatID        string   `json:"chatId"`
		Content       string   `json:"content,omitempty" maxLength:"16000" doc:"1 to 8,000 characters; may be left out where there are attachments."`
		ClientID      string   `json:"clientId,omitempty" maxLength:"128" doc:"Makes the request repeatable: the same one again answers with the message stored first."`
		ReplyTo       string   `json:"replyTo,omitempty" doc:"A message of the same chat."`
		ForwardOf     string   `json:"forwardOf,omitempty" doc:"A message of any of one's chats, to be passed on: with its words and files, and without any others."`
		AttachmentIDs []string `json:"attachmentIds,omitempty" maxItems:"10"`
	}
}

type searchMessagesInput struct {
	Q      string `query:"q" required:"true" maxLength:"100" doc:"Words in any of their forms, \"phrases\" and beginnings*, in texts and in the names of files."`
	ChatID string `query:"chatId" doc:"Only in this chat."`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" doc:"20 when left out."`
	Cursor string `query:"cursor" maxLength:"200" doc:"A nextCursor of an earlier page."`
}

type mentionsInput struct {
	ID    string          `path:"id"`
	After optional[int64] `query:"after" minimum:"0" doc:"Only messages of a higher seq. Left out: what one has not read."`
	Limit int             `query:"limit" minimum:"1" maximum:"200" doc:"50 when left out."`
}

type messageInput struct {
	ID string `path:"id"`
}

type editInput struct {
	ID   string `path:"id"`
	Body struct {
		Content string `json:"content" maxLength:"16000"`
	}
}

type reactionInput struct {
	ID    string `path:"id"`
	Emoji string `path:"emoji" maxLength:"200" doc:"One emoji, percent-encoded."`
}

func (a *API) messageRoutes() {
	handle(a, route{http.MethodGet, "/messages", "listMessages", "Read a chat's history, or what changed", "messages", 0, false, ""}, a.history)
	handle(a, route{http.MethodPost, "/messages", "sendMessage", "Send a message", "messages", http.StatusCreated, false, limit.Send}, a.send)
	handle(a, route{http.MethodGet, "/messages/search", "searchMessages", "Find messages in one's chats, newest first", "messages", 0, false, limit.Search}, a.searchMessages)
	handle(a, route{http.MethodGet, "/messages/{id}", "getMessage", "Read one message", "messages", 0, false, ""}, a.message)
	handle(a, route{http.MethodPatch, "/messages/{id}", "editMessage", "Edit one's own message", "messages", 0, false, limit.Change}, a.edit)
	handle(a, route{http.MethodDelete, "/messages/{id}", "deleteMessage", "Delete a message", "messages", http.StatusNoContent, false, limit.Change}, a.delete)
	handle(a, route{http.MethodPut, "/messages/{id}/reactions/{emoji}", "addReaction", "React with an emoji", "messages", 0, false, limit.Change}, a.react(true))
	handle(a, route{http.MethodDelete, "/messages/{id}/reactions/{emoji}", "removeReaction", "Take an emoji back", "messages", 0, false, limit.Change}, a.react(false))
	handle(a, route{http.MethodPut, "/messages/{id}/pin", "pinMessage", "Pin a message for everybody in the chat", "messages", 0, false, limit.Change}, a.pin(true))
	handle(a, route{http.MethodDelete, "/messages/{id}/pin", "unpinMessage", "Unpin a message", "messages", 0, false, limit.Change}, a.pin(false))
	handle(a, route{http.MethodGet, "/chats/{id}/pins", "listPins", "List a chat's pinned messages, latest pin first", "messages", 0, false, ""}, a.pins)
	handle(a, route{http.MethodGet, "/chats/{id}/mentions", "listMentions", "List a chat's messages that name oneself, in order of seq", "messages", 0, false, ""}, a.mentions)
	handle(a, route{http.MethodGet, "/messages/{id}/deliveries", "listDeliveries", "Tell how far a message has come with each recipient", "messages", 0, false, ""}, a.deliveries)
}

func (a *API) history(ctx context.Context, in *historyInput) (*body[chat.MessagePage], error) {
	chatID, err := pathID(in.ChatID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.History(ctx, from(ctx).UserID, store.MessageQuery{ChatID: chatID, Before: in.Before.pointer(),
		After: in.After.pointer(), SinceRev: in.SinceRev.pointer(), Limit: in.Limit}))
}

func (a *API) searchMessages(ctx context.Context, in *searchMessagesInput) (*body[chat.SearchPage], error) {
	var chatID store.ID
	if in.ChatID != "" {
		var err error
		if chatID, err = pathID(in.ChatID); err != nil {
			return nil, err
		}
	}
	return answer(a.cfg.Chats.SearchMessages(ctx, from(ctx).UserID, chatID, in.Q, in.Limit, in.Cursor))
}

func (a *API) send(ctx context.Context, in *sendInput) (*stated[chat.Message], error) {
	b := in.Body
	chatID, err := fieldID("chatId", b.ChatID)
	if err != nil {
		return nil, err
	}
	send := chat.SendInput{ChatID: chatID, Content: b.Content, ClientID: b.ClientID}
	if b.ReplyTo != "" {
		if send.ReplyTo, err = fieldID("replyTo", b.ReplyTo); err != nil {
			return nil, err
		}
	}
	if b.ForwardOf != "" {
		if send.ForwardOf, err = fieldID("forwardOf", b.ForwardOf); err != nil {
			return nil, err
		}
	}
	for _, s := range b.AttachmentIDs {
		id, err := fieldID("attachmentIds", s)
		if err != nil {
			return nil, err
		}
		send.AttachmentIDs = append(send.AttachmentIDs, id)
	}
	return answerCreated(a.cfg.Chats.Send(ctx, from(ctx).UserID, send))
}

func (a *API) message(ctx context.Context, in *messageInput) (*body[chat.Message], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.Message(ctx, from(ctx).UserID, id))
}

func (a *API) edit(ctx context.Context, in *editInput) (*body[chat.Message], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.Edit(ctx, from(ctx).UserID, id, in.Body.Content))
}

func (a *API) delete(ctx context.Context, in *messageInput) (*none, error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	_, err = a.cfg.Chats.Delete(ctx, from(ctx).UserID, id)
	return nil, err
}

func (a *API) react(on bool) func(context.Context, *reactionInput) (*body[chat.Message], error) {
	return func(ctx context.Context, in *reactionInput) (*body[chat.Message], error) {
		id, err := pathID(in.ID)
		if err != nil {
			return nil, err
		}
		emoji, err := url.PathUnescape(in.Emoji)
		if err != nil {
			emoji = "" // which is no emoji
		}
		return answer(a.cfg.Chats.React(ctx, from(ctx).UserID, id, emoji, on))
	}
}

func (a *API) pin(on bool) func(context.Context, *messageInput) (*body[chat.Message], error) {
	return func(ctx context.Context, in *messageInput) (*body[chat.Message], error) {
		id, err := pathID(in.ID)
		if err != nil {
			return nil, err
		}
		return answer(a.cfg.Chats.Pin(ctx, from(ctx).UserID, id, on))
	}
}

func (a *API) pins(ctx context.Context, in *chatInput) (*body[items[chat.Message]], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.cfg.Chats.Pins(ctx, from(ctx).UserID, id)
	return answer(items[chat.Message]{list}, err)
}

func (a *API) mentions(ctx context.Context, in *mentionsInput) (*body[chat.MessagePage], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.cfg.Chats.Mentions(ctx, from(ctx).UserID, id, in.After.pointer(), in.Limit))
}

func (a *API) deliveries(ctx context.Context, in *messageInput) (*body[items[chat.Delivery]], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.cfg.Chats.Deliveries(ctx, from(ctx).UserID, id)
	return answer(items[chat.Delivery]{list}, err)
}
