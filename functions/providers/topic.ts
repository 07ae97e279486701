export interface TopicAttributes {
  page: string;
  incident: string;
  status: string;
  impact: string;
  componentIds: readonly string[];
}

export interface Topic {
  /** At least once, unordered. `json` is the webhook body. */
  publish(json: string, attributes: TopicAttributes): Promise<void>;
}
