// Package chat is the rules of conversations: who may do what, and in which order it happens.
package chat
