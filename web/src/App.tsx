// SPDX-License-Identifier: Apache-2.0
// Providers, the sign-in gate and the routes.
import { type QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { BrowserRouter, Link, Outlet, Route, Routes } from "react-router";
import { Failure } from "./api/client";
import { makeClient, useSession } from "./api/queries";
import { FilterBar } from "./filter/FilterBar";
import { KnownChoice } from "./filter/KnownChoice";
import { useWords } from "./i18n";
import { Boundary } from "./parts/Boundary";
import { Header } from "./parts/Header";
import { Keys } from "./parts/Keys";
import { Nav } from "./parts/Nav";
import { RangePicker } from "./parts/RangePicker";
import { ScopeProvider } from "./parts/scope";
import { Empty, ErrorNote, Loading } from "./parts/State";
import { Login } from "./views/login/Login";
import { Overview } from "./views/overview/Overview";

const Applications = lazy(() => import("./views/applications/Applications").then((view) => ({ default: view.Applications })));
const Tls = lazy(() => import("./views/tls/Tls").then((view) => ({ default: view.Tls })));
const Dns = lazy(() => import("./views/dns/Dns").then((view) => ({ default: view.Dns })));
const Billing = lazy(() => import("./views/billing/Billing").then((view) => ({ default: view.Billing })));
const Exporters = lazy(() => import("./views/exporters/Exporters").then((view) => ({ default: view.Exporters })));
const Flows = lazy(() => import("./views/flows/Flows").then((view) => ({ default: view.Flows })));
const Flow = lazy(() => import("./views/flow/Flow").then((view) => ({ default: view.Flow })));
const Events = lazy(() => import("./views/events/Events").then((view) => ({ default: view.Events })));
const Hosts = lazy(() => import("./views/hosts/Hosts").then((view) => ({ default: view.Hosts })));
const HostPage = lazy(() => import("./views/hosts/HostPage").then((view) => ({ default: view.HostPage })));
const Profiles = lazy(() => import("./views/profiles/Profiles").then((view) => ({ default: view.Profiles })));
const Rules = lazy(() => import("./views/rules/Rules").then((view) => ({ default: view.Rules })));
const Names = lazy(() => import("./views/names/Names").then((view) => ({ default: view.Names })));
const Sql = lazy(() => import("./views/sql/Sql").then((view) => ({ default: view.Sql })));
const Lake = lazy(() => import("./views/lake/Lake").then((view) => ({ default: view.Lake })));
const Status = lazy(() => import("./views/status/Status").then((view) => ({ default: view.Status })));

function signedOutWatcher(client: QueryClient): QueryClient {
  // a session that ends while working: any answer 401 brings up the sign-in box
  const watch = (error: unknown) => {
    if (error instanceof Failure && error.status === 401) client.setQueryData(["session"], null);
  };
  client.getQueryCache().config.onError = watch;
  client.getMutationCache().config.onError = watch;
  return client;
}

export function App() {
  const [client] = useState(() => signedOutWatcher(makeClient()));
  return (
    <QueryClientProvider client={client}>
      <BrowserRouter>
        <Gate />
      </BrowserRouter>
    </QueryClientProvider>
  );
}

/** Without a session only the sign-in page; with a lost one, the sign-in box above the untouched page. */
function Gate() {
  const session = useSession();
  const client = useQueryClient();
  const [entered, setEntered] = useState(false);
  if (session.data && !entered) setEntered(true);

  if (session.isPending) return null;
  if (session.error && session.data === undefined) {
    return (
      <main className="alone">
        <ErrorNote error={session.error} retry={() => void session.refetch()} />
      </main>
    );
  }
  const signedOut = session.data === null;
  const enter = (user: string) => {
    client.setQueryData(["session"], { user });
    void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  };
  return (
    <>
      {entered || !signedOut ? (
        <div inert={signedOut}>
          <Frame />
        </div>
      ) : null}
      {signedOut ? <Login enter={enter} again={entered} /> : null}
    </>
  );
}

function Frame() {
  const { t } = useWords();
  return (
    <div className="frame">
      <a className="skip" href="#main">
        {t("nav.skip")}
      </a>
      <Nav />
      <Keys />
      <Routes>
        <Route element={<Scoped />}>
          <Route index element={<Overview />} />
          <Route path="flows" element={<Flows />} />
          <Route path="flows/:id" element={<Flow />} />
          <Route path="applications" element={<Applications />} />
          <Route path="tls" element={<Tls />} />
          <Route path="dns" element={<Dns />} />
          <Route path="billing" element={<Billing />} />
          <Route path="hosts/:address" element={<HostPage />} />
        </Route>
        <Route element={<Scoped title="events" />}>
          <Route path="events" element={<Events />} />
        </Route>
        <Route element={<Scoped title="hosts" />}>
          <Route path="hosts" element={<Hosts />} />
        </Route>
        <Route element={<Scoped title="rules" />}>
          <Route path="rules" element={<Rules />} />
        </Route>
        <Route element={<Scoped title="profiles" />}>
          <Route path="profiles" element={<Profiles />} />
        </Route>
        <Route element={<Plain title="exporters" />}>
          <Route path="exporters" element={<Exporters />} />
        </Route>
        <Route element={<Plain title="names" />}>
          <Route path="names" element={<Names />} />
        </Route>
        <Route element={<Plain title="sql" />}>
          <Route path="sql" element={<Sql />} />
        </Route>
        <Route element={<Plain title="lake" />}>
          <Route path="lake" element={<Lake />} />
        </Route>
        <Route element={<Plain title="status" />}>
          <Route path="status" element={<Status />} />
        </Route>
        <Route element={<Plain />}>
          <Route
            path="*"
            element={
              <Empty title={t("state.noPage")}>
                <Link to="/">{t("state.toOverview")}</Link>
              </Empty>
            }
          />
        </Route>
      </Routes>
    </div>
  );
}

/** Pages about a time range; with a `title` they have no filter line. */
function Scoped({ title }: { title?: string }) {
  const waiting = (error: unknown) => (
    <div className="column">
      <Header>{title ? <Title name={title} /> : null}</Header>
      <main id="main">{error ? <ErrorNote error={error} /> : <Loading rows={8} />}</main>
    </div>
  );
  return (
    <ScopeProvider waiting={waiting}>
      <div className="column">
        <Header>
          {title ? <Title name={title} /> : <FilterBar />}
          {title ? null : <KnownChoice />}
          <RangePicker />
        </Header>
        <Main />
      </div>
    </ScopeProvider>
  );
}

function Title({ name }: { name: string }) {
  const { t } = useWords();
  return <h1 className="top-title">{t(`nav.${name}`)}</h1>;
}

function Plain({ title }: { title?: string }) {
  return (
    <div className="column">
      <Header>{title ? <Title name={title} /> : null}</Header>
      <Main />
    </div>
  );
}

function Main() {
  return (
    <main id="main" tabIndex={-1}>
      <Boundary>
        <Suspense fallback={<Loading rows={8} />}>
          <Outlet />
        </Suspense>
      </Boundary>
    </main>
  );
}

