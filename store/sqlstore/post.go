package sqlstore

import (
	"fmt"

	"confab/store"
)

// CheckPost refuses a message that no engine could store.
func CheckPost(m store.Message) error {
	err := check([]any{id(m.ID), id(m.ChatID), id(m.UserID), id(m.ReplyTo), m.Content, m.ClientID, string(m.Meta)})
	if err == nil && (m.ID == "" || m.ChatID == "" || m.UserID == "") {
		err = fmt.Errorf("a message needs an id, a chat and an author: %w", store.ErrBadID)
	}
	return failed("post message", err)
}
