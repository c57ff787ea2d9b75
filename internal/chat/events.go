package chat

import (
	"confab/internal/stamp"
	"confab/store"
)

// The events that this package publishes, by their names on the wire. The data of each is the type of the like name.
const (
	EventMessageReceived = "message:received"        // MessageEvent
	EventMessageUpdated  = "message:updated"         // MessageEvent
	EventDeliveryStatus  = "message:delivery_status" // DeliveryStatusEvent
	EventTyping          = "typing"                  // TypingEvent
	EventChatCreated     = "chat:created"            // ChatCreatedEvent
	EventChatUpdated     = "chat:updated"            // ChatUpdatedEvent or ChatPinsEvent
	EventChatRemoved     = "chat:removed"            // ChatRemovedEvent
	EventChatMuted       = "chat:muted"              // ChatMutedEvent
	EventChatArchived    = "chat:archived"           // ChatArchivedEvent
	EventMemberAdded     = "member:added"            // MemberEvent
	EventMemberUpdated   = "member:updated"          // MemberEvent
	EventMemberRemoved   = "member:removed"          // MemberRemovedEvent
	EventUserBlocked     = "user:blocked"            // UserBlockedEvent
	EventUserUpdated     = "user:updated"            // UserUpdatedEvent
)

// MessageEvent goes to every device of every member.
type MessageEvent struct {
	Message Message `json:"message"`
}

// DeliveryStatusEvent says that UserID has everything up to Seq, or has read it. MessageID is the message at Seq.
type DeliveryStatusEvent struct {
	MessageID store.ID   `json:"messageId"`
	ChatID    store.ID   `json:"chatId"`
	UserID    store.ID   `json:"userId"`
	Status    Status     `json:"status"`
	Seq       int64      `json:"seq"`
	At        stamp.Time `json:"at"`
}

// TypingEvent goes to the other members. Package signaling takes it back after 6 s.
type TypingEvent struct {
	ChatID store.ID `json:"chatId"`
	UserID store.ID `json:"userId"`
	On     bool     `json:"on"`
}

// ChatCreatedEvent goes to those who are in the chat from now on: on creation to all members, later to who is added.
type ChatCreatedEvent struct {
	ChatID store.ID `json:"chatId"`
	Chat   Chat     `json:"chat"`
}

// ChatUpdatedEvent carries what all members see alike of a changed chat; the other fields of Chat have not moved.
type ChatUpdatedEvent struct {
	ChatID store.ID `json:"chatId"`
	Chat   ChatHead `json:"chat"`
}

// ChatPinsEvent is a chat:updated that tells how many messages of the chat are pinned now.
type ChatPinsEvent struct {
	ChatID store.ID `json:"chatId"`
	Chat   ChatPins `json:"chat"`
}

// ChatPins is the part of a Chat that a pin changes.
type ChatPins struct {
	ID       store.ID `json:"id"`
	PinCount int64    `json:"pinCount"`
}

// ChatHead is the part of a Chat that a member with the right to may change, and that all members see alike.
type ChatHead struct {
	ID          store.ID       `json:"id"`
	Type        store.ChatType `json:"type"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	AvatarURL   *string        `json:"avatarUrl"`
	UpdatedAt   stamp.Time     `json:"updatedAt"`
	LastRev     int64          `json:"lastRev"`
}

// ChatMutedEvent goes to the own devices of who muted a chat. A null MutedUntil ends it.
type ChatMutedEvent struct {
	ChatID     store.ID    `json:"chatId"`
	MutedUntil *stamp.Time `json:"mutedUntil"`
}

// ChatArchivedEvent goes to the own devices of who archived a chat. A null ArchivedAt brings it back.
type ChatArchivedEvent struct {
	ChatID     store.ID    `json:"chatId"`
	ArchivedAt *stamp.Time `json:"archivedAt"`
}

// ChatRemovedEvent goes to who is in the chat no more: removed, left on another device, or the chat was deleted.
type ChatRemovedEvent struct {
	ChatID store.ID `json:"chatId"`
	Reason string   `json:"reason"` // "removed", "left" or "deleted"
}

// MemberEvent goes to every member.
type MemberEvent struct {
	ChatID store.ID `json:"chatId"`
	Member Member   `json:"member"`
}

// MemberRemovedEvent goes to the members that stay.
type MemberRemovedEvent struct {
	ChatID store.ID `json:"chatId"`
	UserID store.ID `json:"userId"`
}

// UserBlockedEvent goes to the own devices of who blocked somebody (On) or lifted it.
type UserBlockedEvent struct {
	UserID store.ID `json:"userId"`
	On     bool     `json:"on"`
}

// UserUpdatedEvent goes to everybody who shares a chat, and to the user's own devices.
type UserUpdatedEvent struct {
	User PublicUser `json:"user"`
}
