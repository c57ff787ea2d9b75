// Package auth knows people by their password and devices by their tokens.
package auth
