//go:build !race

package signaling_test

// idleBudget is what an idle socket may cost, in bytes.
const idleBudget = 10 << 10
