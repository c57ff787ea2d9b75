// Package sqlstore is everything the two engines have in common: the queries, written once, and how rows become domain
// values. It knows no driver. An engine supplies a Conn, which is one open transaction, and a Dialect, which says where
// its SQL differs; sqlstore makes a store.Tx of them.
//
// Queries are written with PostgreSQL's numbered placeholders and three markers that the dialect spells out:
//
//	$1           the first argument
//	IN {$1}      is one of a list of ids that arrives as one argument
//	IN TEXTS {$1}  the same of texts
//	{lock}       keep the rows read until the transaction ends; nothing where transactions that write run one by one
//
// One thing is not written once: how many plain messages are stored together (store.Store.Post). Each engine has statements
// of its own for that, and one goroutine that runs them; callers wait for it in Posts.
//
// A Tx belongs to one goroutine at a time, as the transaction under it does. Inserts that may meet an existing row use
// ON CONFLICT rather than fail, because PostgreSQL gives up a transaction at its first error: after ErrDirectExists,
// ErrMemberExists, ErrClientIDTaken, and CreateUser's errors the transaction goes on as if nothing had been asked. Any
// other error, UpdateUser's included, ends it.
package sqlstore
