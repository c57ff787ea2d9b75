package signaling

import (
	"context"

	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/store"
)

// The events of the connection itself.
const (
	eventReady = "ready"
	eventAck   = "ack"
	eventError = "error"
	eventAuth  = "auth"
	eventPing  = "ping"
)

func (s *Server) addSocketEvents(t table) {
	t[eventAuth] = entry{limit.Signal, on(s.reauth)}
	// Browsers hide WebSocket pings from their scripts; this lets a client find out for itself that a server is gone.
	t[eventPing] = entry{limit.Signal, on(func(context.Context, *socket, struct{}) (any, error) { return nil, nil })}
}

// reauth takes a fresh token of the same session before the old one runs out. A bad one leaves the socket as it was.
func (s *Server) reauth(ctx context.Context, sock *socket, data authData) (any, error) {
	id, err := s.cfg.Auth.Verify(ctx, data.Token)
	if err != nil {
		return nil, err
	}
	if id.UserID != sock.session.userID || id.SessionID != sock.session.sessionID {
		return nil, fault.New(fault.Forbidden, codeWrongSession, "the token belongs to another session")
	}
	sock.session.refresh(id.ExpiresAt)
	return nil, nil
}

// messageReply is what the ack of every event that changes a message holds.
type messageReply struct {
	Message chat.Message `json:"message"`
}

func (s *Server) addChatEvents(t table) {
	chats := s.cfg.Chats
	t["message:send"] = entry{limit.Send, on(func(ctx context.Context, sock *socket, d sendData) (any, error) {
		m, _, err := chats.Send(ctx, sock.session.userID, chat.SendInput{
			ChatID: d.ChatID, Content: d.Content, ClientID: d.ClientID, ReplyTo: d.ReplyTo, AttachmentIDs: d.AttachmentIDs, ForwardOf: d.ForwardOf,
		})
		return messageReply{m}, err
	})}
	t["message:edit"] = entry{limit.Change, on(func(ctx context.Context, sock *socket, d editData) (any, error) {
		m, err := chats.Edit(ctx, sock.session.userID, d.MessageID, d.Content)
		return messageReply{m}, err
	})}
	t["message:delete"] = entry{limit.Change, on(func(ctx context.Context, sock *socket, d messageRef) (any, error) {
		m, err := chats.Delete(ctx, sock.session.userID, d.MessageID)
		return messageReply{m}, err
	})}
	t["message:react"] = entry{limit.Change, on(func(ctx context.Context, sock *socket, d reactData) (any, error) {
		m, err := chats.React(ctx, sock.session.userID, d.MessageID, d.Emoji, *d.On)
		return messageReply{m}, err
	})}
	t["message:delivered"] = entry{limit.Receipt, receipt(chats.Delivered)}
	t["message:read"] = entry{limit.Receipt, receipt(chats.Read)}
	t["typing"] = entry{limit.Typing, on(func(_ context.Context, sock *socket, d typingData) (any, error) {
		if sock.typing == nil {
			sock.typing = s.newTyping(sock.session)
		}
		return nil, sock.typing.set(d.ChatID, *d.On)
	})}
}

// receipt makes the handler of one of the two watermarks. What is left out of the echo is this socket, not its whole
// session: another tab of the same browser keeps an unread count too.
func receipt(move func(ctx context.Context, actor, session, messageID store.ID) error) handler {
	return on(func(ctx context.Context, sock *socket, d messageRef) (any, error) {
		return nil, move(ctx, sock.session.userID, sock.session.id, d.MessageID)
	})
}
