// Package sfu is a selective forwarding unit: a media server that sends on, without decoding, what each participant of a
// room publishes to all the others. It is a library; it knows legs, tracks and rooms, and nothing of users, chats or HTTP.
package sfu
