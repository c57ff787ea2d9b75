import { Icon } from "../ui/icons";

/** What is wrong with the form as a whole. */
export function FormError({ text }: { text: string | undefined }) {
  return (
    <div role="alert">
      {text && (
        <p className="flex animate-rise gap-2.5 rounded-xl bg-danger-soft px-3.5 py-3 text-danger">
          <Icon name="alert" className="mt-0.5 shrink-0" />
          {text}
        </p>
      )}
    </div>
  );
}
