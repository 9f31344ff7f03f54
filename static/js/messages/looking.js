// Words of the gallery that are fetched only when they are needed.

export const oneByOne = "One by one";
export const continueAt = (number, total) => `Continue at logo ${number} of ${total}`;
