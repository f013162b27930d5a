// SPDX-License-Identifier: Apache-2.0
// Keeps a fault in one view from blanking the whole console.
import { Component, type ReactNode } from "react";
import { ErrorNote } from "./State";

export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorNote error={this.state.error} retry={() => this.setState({ error: null })} />;
  }
}
