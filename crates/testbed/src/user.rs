//! Who talks to the API server.
//!
//! In: a name. Out: the bearer token that the API server knows it by (its static token file is written before it starts),
//! its groups, and a kubeconfig for it. More users with chosen rights are made while it runs, as service accounts.

use std::path::Path;

/// The most nodes that a run can have: each has a token in the static file.
pub const MAX_NODES: u8 = 8;

/// A user with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// As the API server and its audit log name it.
    pub name: String,
    pub(crate) token: String,
    groups: &'static str,
}

impl User {
    /// May do everything (`system:masters`).
    #[must_use]
    pub fn admin() -> Self {
        Self::fixed("admin", "system:masters")
    }

    /// Is known and may do nothing.
    #[must_use]
    pub fn nobody() -> Self {
        Self::fixed("nobody", "")
    }

    /// The kubelet of a node, with the rights that Kubernetes' node authorizer gives it.
    pub(crate) fn kubelet(node: &str) -> Self {
        Self::fixed(&format!("system:node:{node}"), "system:nodes")
    }

    /// Multus on all nodes.
    pub(crate) fn multus() -> Self {
        Self::fixed("multus", "")
    }

    /// kube-controller-manager, by the name that Kubernetes' own roles expect.
    pub(crate) fn controller_manager() -> Self {
        // Its controllers write as service accounts of their own where --use-service-account-credentials is set; as one
        // user they need more than that user's default role.
        Self::fixed("system:kube-controller-manager", "system:masters")
    }

    /// kube-scheduler, with its default role.
    pub(crate) fn scheduler() -> Self {
        Self::fixed("system:kube-scheduler", "")
    }

    /// A user whose token was given out by the running API server.
    #[must_use]
    pub fn with_token(name: String, token: String) -> Self {
        Self { name, token, groups: "" }
    }

    fn fixed(name: &str, groups: &'static str) -> Self {
        // Predictable: the server listens on loopback or in the run's own network, and lives for one test.
        Self { name: name.to_owned(), token: format!("token-of-{}", name.replace(':', "-")), groups }
    }

    /// kube-apiserver's static token file.
    pub(crate) fn token_file() -> String {
        let nodes = (1..=MAX_NODES).map(|number| Self::kubelet(&format!("node{number}")));
        let fixed = [Self::admin(), Self::nobody(), Self::multus(), Self::controller_manager(), Self::scheduler()];
        let line = |user: Self| format!("{},{},{},\"{}\"\n", user.token, user.name, user.name, user.groups);
        fixed.into_iter().chain(nodes).map(line).collect()
    }

    /// A kubeconfig for this user.
    pub(crate) fn kubeconfig(&self, server: &str, authority: &Path) -> String {
        let (name, token, authority) = (&self.name, &self.token, authority.display());
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: bed\n\
             contexts: [{{name: bed, context: {{cluster: bed, user: {name:?}, namespace: default}}}}]\n\
             clusters: [{{name: bed, cluster: {{server: {server:?}, certificate-authority: \"{authority}\"}}}}]\n\
             users: [{{name: {name:?}, user: {{token: {token:?}}}}}]\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_users_share_a_token() {
        let file = User::token_file();
        let tokens: std::collections::BTreeSet<_> = file.lines().map(|line| line.split(',').next()).collect();
        assert_eq!(tokens.len(), file.lines().count());
        assert!(file.contains("token-of-admin,admin,admin,\"system:masters\"\n"));
    }
}
