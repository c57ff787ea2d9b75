/** Offered at once under a message and in a call. */
export const quickReactions = ["👍", "❤️", "😂", "😮", "😢", "🎉"] as const;

/** The small set of the picker; everything else comes from the keyboard of the device. */
export const commonEmoji: readonly string[] = [
  "😀 😂 🙂 😉 😊 😍 😘 😎 🤔 😐 🙄 😴 😢 😭 😡 😱",
  "🤗 🤝 👍 👎 👏 🙌 🙏 💪 👋 👌 ✌️ 🤞 👀 🧠 ❤️ 💔",
  "🔥 ✨ 🎉 🎂 ☕ 🍕 🚀 💡 ✅ ❌ ⚠️ ❓ 💯 📌 📎 🕐",
].flatMap((row) => row.split(" "));
