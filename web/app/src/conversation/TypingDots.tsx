export function TypingDots() {
  return (
    <span aria-hidden="true" className="inline-flex shrink-0 gap-[3px]">
      {[0, 160, 320].map((delay) => (
        <span
          key={delay}
          className="size-[5px] animate-dot rounded-full bg-current"
          style={{ animationDelay: `${delay}ms` }}
        />
      ))}
    </span>
  );
}
